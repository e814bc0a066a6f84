import Foundation
import GRDB

extension EditionPlan {
  /// How far ahead meetings are announced.
  static let fortnight: TimeInterval = 14 * 86_400

  /// Loads what can matter to any active subscriber of a run, but for what their own queries match: there may be very
  /// many, so `with` adds those of the readers at hand.
  static func load(
    week: String,
    end: Date,
    mailsQuietWeeks: Bool,
    _ database: Database
  ) throws -> EditionPlan {
    let from = try start(end: end, database)
    let window: StatementArguments = ["from": from.milliseconds, "to": end.milliseconds]
    let candidates = try candidates(from, end, database)
    return EditionPlan(
      week: week,
      from: from,
      end: end,
      names: try names(database),
      candidates: Dictionary(grouping: candidates.values, by: \.council).mapValues { candidates in
        candidates.sorted { ($0.startsAt, $0.revision) < ($1.startsAt, $1.revision) }
      },
      meetings: candidates,
      changes: try MatchableMeetings.load(after: from, upTo: end, database).instants
        .union(QueryMatch.lateInstants(after: from, upTo: end, database)),
      hits: try topicHits(candidates, database),
      sittings: Dictionary(grouping: try sittings(window, database), by: \.council),
      upcoming: try upcoming(after: end, database),
      mailsQuietWeeks: mailsQuietWeeks
    )
  }

  /// The earliest of all windows that a run may have to fill.
  static func start(end: Date, _ database: Database) throws -> Date {
    let oldest = try Int64.fetchOne(
      database,
      sql: "SELECT min(window_start) FROM subscriber WHERE \(Readership.isAwaiting)",
      arguments: ["end": end.milliseconds]
    )
    // Who confirms while the run is being planned reaches back as far.
    let newcomers = end.addingTimeInterval(-ConfirmSubscription.firstWindow).milliseconds
    return Date(milliseconds: min(oldest ?? newcomers, newcomers))
  }

  /// By meeting: those announced since, and those announced not long before whose words became news since.
  private static func candidates(_ from: Date, _ end: Date, _ database: Database) throws -> [Int64: Candidate] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT id, revision_id, council_id, committee_id, starts_at, announced_at FROM meeting
        WHERE announced_at > :from AND announced_at <= :to AND has_summary = 1 AND is_mailed = 1
        UNION
        SELECT id, revision_id, council_id, committee_id, starts_at, announced_at FROM meeting
        WHERE announced_at > :recent AND announced_at <= :from AND has_summary = 1 AND is_mailed = 1 AND id IN (
          SELECT meeting_id FROM topic_match WHERE counts_from > :from AND counts_from <= :to
          UNION SELECT meeting_id FROM query_match WHERE counts_from > :from AND counts_from <= :to)
        """,
      arguments: [
        "from": from.milliseconds, "to": end.milliseconds, "recent": MatchableMeetings.recent(at: end).milliseconds,
      ]
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

  private static func names(_ database: Database) throws -> Names {
    var names = Names()
    for row in try Row.fetchAll(database, sql: "SELECT \(Council.columns) FROM council") {
      let council = Council(row: row)
      names.councils[council.id] = council
    }
    for row in try Row.fetchAll(database, sql: "SELECT id, name, council_id FROM committee") {
      names.committees[row["id"]] = (row["name"], row["council_id"])
    }
    for row in try Row.fetchAll(database, sql: "SELECT id, name, query FROM topic") {
      names.topics[row["id"]] = row["name"]
      names.topicQueries[row["id"]] = row["query"]
    }
    return names
  }

  /// Found when the texts arrived.
  private static func topicHits(
    _ candidates: [Int64: Candidate],
    _ database: Database
  ) throws -> [FollowKey: [Hit]] {
    var hits: [FollowKey: [Hit]] = [:]
    for (meeting, candidate) in candidates.sorted(by: { $0.key < $1.key }) {
      let rows = try Row.fetchAll(
        database,
        cached:
          "SELECT topic_id, extract, in_transcript, counts_from, heard_from FROM topic_match WHERE meeting_id = ?",
        arguments: [meeting]
      )
      for row in rows {
        let hit = Hit(
          candidate: candidate,
          extract: MatchExtract(stored: row["extract"]),
          countsFrom: (row["counts_from"] as Int64?).map(Date.init(milliseconds:)),
          heardFrom: (row["heard_from"] as Int64?).map(Date.init(milliseconds:)),
          isInTranscript: row["in_transcript"]
        )
        hits[.topic(row["topic_id"]), default: []].append(hit)
      }
    }
    return hits
  }

  /// With the names and hits of some people's own queries.
  func with(_ matches: OwnQueryMatches) -> EditionPlan {
    var plan = self
    plan.names.queries = matches.texts
    for (query, found) in matches.matches {
      plan.hits[.query(query)] = found.compactMap { match in
        meetings[match.meeting].map {
          Hit(
            candidate: $0,
            extract: match.extract,
            countsFrom: match.countsFrom,
            heardFrom: match.heardFrom,
            isInTranscript: match.isInTranscript
          )
        }
      }
    }
    return plan
  }
}
