import Foundation
import GRDB

/// The active subscribers whose window is open at a run's end, with what they follow, a slice at a time.
enum Readership {
  struct Entry: Sendable {
    var subscriber: Int64
    var email: String
    var reader: EditionPlan.Reader
  }

  /// - Parameter week: who has a letter of that week already, from a run that was cancelled, gets no second one.
  static func slice(
    after id: Int64,
    week: String,
    end: Date,
    limit: Int,
    _ database: Database
  ) throws -> (entries: [Entry], last: Int64?) {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT id, email, density, window_start,
          EXISTS (
            SELECT 1 FROM outgoing_mail JOIN digest_run ON digest_run.id = outgoing_mail.run_id
            WHERE outgoing_mail.subscriber_id = subscriber.id AND outgoing_mail.state IN ('sent', 'uncertain')
              AND digest_run.week = ? AND digest_run.state = 'cancelled') AS is_served
        FROM subscriber WHERE state = 'active' AND id > ? ORDER BY id LIMIT ?
        """,
      arguments: [week, id, limit]
    )
    let entries = try rows.compactMap { row -> Entry? in
      let subscriber: Int64 = row["id"]
      let start = Date(milliseconds: row["window_start"] as Int64? ?? 0)
      let isServed: Bool = row["is_served"]
      guard start < end, !isServed else { return nil }
      return Entry(
        subscriber: subscriber,
        email: row["email"],
        reader: EditionPlan.Reader(
          windowStart: start,
          density: Subscriber.Density(rawValue: row["density"]) ?? .brief,
          follows: try FollowTarget.fetch(subscriber: subscriber, database)
        )
      )
    }
    return (entries, rows.last.map { $0["id"] })
  }
}
