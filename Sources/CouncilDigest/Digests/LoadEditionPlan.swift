import Foundation
import GRDB

extension EditionPlan {
  /// How far ahead meetings are announced.
  static let fortnight: TimeInterval = 14 * 86_400

  /// Loads what can matter to any active subscriber of a run.
  /// - Parameters:
  ///   - askers: whose own queries are looked for; there may be very many.
  ///   - trying: queries that nobody follows yet; their ids are -1, -2 and so on.
  static func load(
    week: String,
    end: Date,
    mailsQuietWeeks: Bool,
    askers: Askers = .everyone,
    trying queries: [TopicQuery] = [],
    _ database: Database
  ) throws -> EditionPlan {
    let oldest = try Int64.fetchOne(
      database,
      sql: "SELECT min(window_start) FROM subscriber WHERE \(Readership.isAwaiting)",
      arguments: ["end": end.milliseconds]
    )
    // Who confirms while the run is being planned reaches back as far.
    let newcomers = end.addingTimeInterval(-ConfirmSubscription.firstWindow).milliseconds
    let from = min(oldest ?? newcomers, newcomers)
    let window: StatementArguments = ["from": from, "to": end.milliseconds]
    let candidates = try candidates(window, database)
    let asked =
      try Asked.followed(by: askers, database)
      + queries.enumerated().map {
        Asked(id: Int64(-1 - $0), text: $1.description, oldest: Date(milliseconds: newcomers))
      }
    return EditionPlan(
      week: week,
      from: Date(milliseconds: from),
      end: end,
      names: try names(asked, database),
      candidates: Dictionary(grouping: candidates.values, by: \.council).mapValues { candidates in
        candidates.sorted { ($0.startsAt, $0.revision) < ($1.startsAt, $1.revision) }
      },
      hits: try topicHits(candidates, database).merging(queryHits(asked, candidates, database)) { $1 },
      sittings: Dictionary(grouping: try sittings(window, database), by: \.council),
      upcoming: try upcoming(after: end, database),
      mailsQuietWeeks: mailsQuietWeeks
    )
  }

  /// By meeting.
  private static func candidates(_ window: StatementArguments, _ database: Database) throws -> [Int64: Candidate] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT id, revision_id, council_id, committee_id, starts_at, announced_at FROM meeting
        WHERE announced_at > :from AND announced_at <= :to AND has_summary = 1 AND is_mailed = 1
        """,
      arguments: window
    )
    return Dictionary(
      uniqueKeysWithValues: rows.map { row in
        let candidate = Candidate(
          revision: row["revision_id"],
          council: row["council_id"],
          committee: row["committee_id"],
          startsAt: Date(milliseconds: row["starts_at"]),
          announcedAt: Date(milliseconds: row["announced_at"])
        )
        return (row["id"] as Int64, candidate)
      }
    )
  }

  private static func sittings(_ window: StatementArguments, _ database: Database) throws -> [Sitting] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT council_id, committee_id, starts_at, has_summary FROM meeting
        WHERE starts_at > :from AND starts_at <= :to AND status <> 'cancelled'
        """,
      arguments: window
    ).map { row in
      Sitting(
        council: row["council_id"],
        committee: row["committee_id"],
        startsAt: Date(milliseconds: row["starts_at"]),
        hasSummary: row["has_summary"]
      )
    }
  }

  private static func upcoming(after end: Date, _ database: Database) throws -> [Int64: [Upcoming]] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT revision_id, council_id, committee_id FROM meeting
        WHERE starts_at > ? AND starts_at <= ? AND status <> 'held' ORDER BY starts_at, id
        """,
      arguments: [end.milliseconds, end.addingTimeInterval(fortnight).milliseconds]
    )
    return Dictionary(grouping: rows) { $0["council_id"] as Int64 }.mapValues { rows in
      rows.map { Upcoming(revision: $0["revision_id"], committee: $0["committee_id"]) }
    }
  }

  private static func names(_ asked: [Asked], _ database: Database) throws -> Names {
    var names = Names()
    for row in try Row.fetchAll(database, sql: "SELECT \(Council.columns) FROM council") {
      let council = Council(row: row)
      names.councils[council.id] = council
    }
    for row in try Row.fetchAll(database, sql: "SELECT id, name, council_id FROM committee") {
      names.committees[row["id"]] = (row["name"], row["council_id"])
    }
    for row in try Row.fetchAll(database, sql: "SELECT id, name FROM topic") { names.topics[row["id"]] = row["name"] }
    for query in asked { names.queries[query.id] = query.text }
    return names
  }

  /// Whose own queries matter.
  enum Askers: Equatable, Sendable {
    case everyone, nobody
    case one(Int64)
  }

  /// A query somebody asks.
  private struct Asked {
    var id: Int64
    var text: String
    /// How far back the window of any who ask it reaches.
    var oldest: Date

    static func followed(by askers: Askers, _ database: Database) throws -> [Asked] {
      let one: Int64? =
        switch askers {
        case .everyone: nil
        case .one(let subscriber): subscriber
        case .nobody: 0
        }
      return try Row.fetchAll(
        database,
        sql: """
          SELECT topic_query.id, topic_query.text, min(subscriber.window_start) AS oldest
          FROM topic_query
          JOIN subscription ON subscription.topic_query_id = topic_query.id AND subscription.state = 'active'
          JOIN subscriber ON subscriber.id = subscription.subscriber_id AND subscriber.state = 'active'
          WHERE :one IS NULL OR subscription.subscriber_id = :one
          GROUP BY topic_query.id
          """,
        arguments: ["one": one]
      ).map { Asked(id: $0["id"], text: $0["text"], oldest: Date(milliseconds: $0["oldest"] as Int64? ?? 0)) }
    }
  }

  /// Found when the texts arrived.
  private static func topicHits(
    _ candidates: [Int64: Candidate],
    _ database: Database
  ) throws -> [FollowKey: [Hit]] {
    var hits: [FollowKey: [Hit]] = [:]
    for meeting in candidates.keys.sorted() {
      let rows = try Row.fetchAll(
        database,
        cached: "SELECT topic_id, extract FROM topic_match WHERE meeting_id = ?",
        arguments: [meeting]
      )
      guard let candidate = candidates[meeting] else { continue }
      for row in rows {
        let hit = Hit(candidate: candidate, extract: MatchExtract(marked: row["extract"]))
        hits[.topic(row["topic_id"]), default: []].append(hit)
      }
    }
    return hits
  }

  /// Looked for now, among what was announced.
  private static func queryHits(
    _ asked: [Asked],
    _ candidates: [Int64: Candidate],
    _ database: Database
  ) throws -> [FollowKey: [Hit]] {
    guard let first = candidates.keys.min(), let last = candidates.keys.max() else { return [:] }
    var hits: [FollowKey: [Hit]] = [:]
    for one in asked {
      guard let query = try? TopicQuery(parsing: one.text) else { continue }
      do {
        let found = try meetings(matching: query, first...last, database)
          .filter { candidates[$0].map { $0.announcedAt > one.oldest } ?? false }
        hits[.query(one.id)] = try found.suffix(maximumHits).compactMap { meeting in
          guard let candidate = candidates[meeting] else { return nil }
          return Hit(candidate: candidate, extract: try extract(of: query, from: meeting, database))
        }
      } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
        // One reader's words must never keep everyone else's letters.
        continue
      }
    }
    return hits
  }

  /// Of one query: more than anyone reads in a week.
  private static let maximumHits = 200

  private static func meetings(
    matching query: TopicQuery,
    _ range: ClosedRange<Int64>,
    _ database: Database
  ) throws -> [Int64] {
    try Int64.fetchAll(
      database.cachedStatement(
        sql: "SELECT rowid FROM meeting_text WHERE meeting_text MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid"
      ),
      arguments: [query.fullTextExpression, range.lowerBound, range.upperBound]
    )
  }

  private static func extract(of query: TopicQuery, from meeting: Int64, _ database: Database) throws -> MatchExtract {
    let marked = try String.fetchOne(
      database.cachedStatement(
        sql: "SELECT \(MatchExtract.column) FROM meeting_text WHERE meeting_text MATCH ? AND rowid = ?"
      ),
      arguments: [query.extractExpression, meeting]
    )
    return MatchExtract(marked: marked ?? "")
  }
}
