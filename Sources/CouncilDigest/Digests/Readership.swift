import Foundation
import GRDB

/// The active subscribers whose window is open at a run's end, with what they follow, a slice at a time.
struct Readership: Sendable {
  struct Entry: Sendable {
    var subscriber: Int64
    var email: String
    var windowStart: Date
    var reader: EditionPlan.Reader
  }

  let week: String
  private let from: Date
  let end: Date
  let corrections: SentCorrections
  /// When something happened that a window may include or not. Windows that start between the same two are the same.
  private let instants: [Date]
  /// Whether a run of the week was cancelled after some of its letters had left.
  private let hasServedSome: Bool

  /// Of a subscriber, with the run's `:end`: who paused until later stays out, and their window open.
  static let isAwaiting = "state = 'active' AND (paused_until IS NULL OR paused_until <= :end)"

  init(_ plan: EditionPlan, _ database: Database) throws {
    week = plan.week
    from = plan.from
    end = plan.end
    let oldest = try Int64.fetchOne(
      database,
      sql: "SELECT min(window_start) FROM subscriber WHERE \(Self.isAwaiting)",
      arguments: ["end": plan.end.milliseconds]
    )
    corrections = try SentCorrections.load(
      after: oldest.map(Date.init(milliseconds:)) ?? plan.end,
      upTo: plan.end,
      database
    )
    instants = plan.instants.union(corrections.instants).sorted()
    hasServedSome =
      try Bool.fetchOne(
        database,
        sql: "SELECT EXISTS (SELECT 1 FROM digest_run WHERE week = ? AND state = 'cancelled')",
        arguments: [plan.week]
      ) ?? false
  }

  /// - Returns: the readers after `id`, and the last subscriber looked at; nil when there is none left.
  func slice(after id: Int64, limit: Int, _ database: Database) throws -> (entries: [Entry], last: Int64?) {
    let rows = try Row.fetchAll(
      database,
      cached: """
        SELECT id, email, density, window_start, professional_until > :end AS is_professional FROM subscriber
        WHERE \(Self.isAwaiting) AND id > :after ORDER BY id LIMIT :limit
        """,
      arguments: ["end": end.milliseconds, "after": id, "limit": limit]
    )
    guard let first: Int64 = rows.first?["id"], let last: Int64 = rows.last?["id"] else { return ([], nil) }
    let windows = Dictionary(
      uniqueKeysWithValues: rows.map { row in
        (row["id"] as Int64, Date(milliseconds: row["window_start"] as Int64? ?? 0))
      }
    )
    let follows = try follows(first...last, database)
    let corrections = try corrections.bySubscriber(windows, first...last, database)
    let had = try had(first...last, database)
    let served = hasServedSome ? try served(first...last, database) : []
    let entries = rows.compactMap { row -> Entry? in
      let subscriber: Int64 = row["id"]
      // Who went on after the plan was loaded may reach back further than it does; they come whole in the next run.
      guard let start = windows[subscriber], start >= from, start < end, !served.contains(subscriber) else {
        return nil
      }
      return Entry(
        subscriber: subscriber,
        email: row["email"],
        windowStart: start,
        reader: EditionPlan.Reader(
          windowStart: lastInstant(upTo: start),
          density: Subscriber.Density(rawValue: row["density"]) ?? .brief,
          follows: follows[subscriber] ?? [],
          isProfessional: row["is_professional"] as Bool? ?? false,
          corrections: (corrections[subscriber] ?? []).filter { had[subscriber]?.corrections.contains($0) != true },
          had: had[subscriber]?.items ?? []
        )
      )
    }
    return (entries, last)
  }

  private func follows(_ range: ClosedRange<Int64>, _ database: Database) throws -> [Int64: [FollowKey]] {
    var follows: [Int64: [FollowKey]] = [:]
    let rows = try Row.fetchCursor(
      database.cachedStatement(
        sql: """
          SELECT subscriber_id, council_id, committee_id, topic_id, topic_query_id FROM subscription
          WHERE subscriber_id BETWEEN ? AND ? AND state = 'active' ORDER BY subscriber_id, target
          """
      ),
      arguments: [range.lowerBound, range.upperBound]
    )
    while let row = try rows.next() {
      let key: FollowKey? =
        if let id: Int64 = row["committee_id"] {
          .committee(id)
        } else if let id: Int64 = row["council_id"] {
          .council(id)
        } else if let id: Int64 = row["topic_id"] {
          .topic(id)
        } else if let id: Int64 = row["topic_query_id"] {
          .query(id)
        } else {
          nil
        }
      if let key { follows[row["subscriber_id"], default: []].append(key) }
    }
    return follows
  }

  /// Who has a letter of the week already, from a run that was cancelled, gets no second one.
  private func served(_ range: ClosedRange<Int64>, _ database: Database) throws -> Set<Int64> {
    try Set(
      Int64.fetchAll(
        database,
        sql: """
          SELECT outgoing_mail.subscriber_id FROM outgoing_mail JOIN digest_run ON digest_run.id = outgoing_mail.run_id
          WHERE outgoing_mail.subscriber_id BETWEEN ? AND ? AND outgoing_mail.state IN ('sent', 'uncertain')
            AND digest_run.week = ? AND digest_run.state = 'cancelled'
          """,
        arguments: [range.lowerBound, range.upperBound, week]
      )
    )
  }

  /// Revisions.
  private struct Had {
    var items: Set<Int64> = []
    var corrections: Set<Int64> = []
  }

  /// What was carried to readers who had two addresses, by letters to either: their window begins with the earlier one's.
  private func had(_ range: ClosedRange<Int64>, _ database: Database) throws -> [Int64: Had] {
    let rows = try Row.fetchAll(
      database,
      cached: """
        WITH sent (subscriber_id, edition_id, date) AS (
          SELECT outgoing_mail.subscriber_id, edition_id, date FROM (
            SELECT DISTINCT subscriber_id FROM moved_subscriber WHERE subscriber_id BETWEEN :first AND :last
          ) AS joined
          CROSS JOIN outgoing_mail ON outgoing_mail.subscriber_id = joined.subscriber_id AND outgoing_mail.state = 'sent'
        )
        SELECT subscriber_id, meeting.revision_id AS revision, 0 AS is_correction FROM sent
        JOIN edition_item ON edition_item.edition_id = sent.edition_id
        JOIN meeting_revision ON meeting_revision.id = edition_item.revision_id
        JOIN meeting ON meeting.id = meeting_revision.meeting_id AND meeting.announced_at <= sent.date
        UNION ALL
        SELECT subscriber_id, correction.value, 1 FROM sent JOIN edition ON edition.id = sent.edition_id
        JOIN json_each(edition.content, '$.corrections') AS correction
        """,
      arguments: ["first": range.lowerBound, "last": range.upperBound]
    )
    return rows.reduce(into: [:]) { had, row in
      let revision: Int64 = row["revision"]
      if row["is_correction"] == true {
        had[row["subscriber_id"], default: Had()].corrections.insert(revision)
      } else {
        had[row["subscriber_id"], default: Had()].items.insert(revision)
      }
    }
  }

  private func lastInstant(upTo date: Date) -> Date {
    var (low, high) = (0, instants.count)
    while low < high {
      let middle = (low + high) / 2
      if instants[middle] <= date { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? .distantPast : instants[low - 1]
  }
}

extension EditionPlan {
  fileprivate var instants: Set<Date> {
    Set(candidates.values.joined().map(\.announcedAt)).union(sittings.values.joined().map(\.startsAt))
      .union(lateInstants)
  }
}

extension [Readership.Entry] {
  /// The queries of their own that they follow.
  var ownQueries: Set<Int64> {
    reduce(into: []) { queries, entry in
      for case .query(let query) in entry.reader.follows { queries.insert(query) }
    }
  }
}
