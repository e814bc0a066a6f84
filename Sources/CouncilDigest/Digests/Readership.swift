import Foundation
import GRDB

/// The active subscribers whose window is open at a run's end, with what they follow, a slice at a time.
enum Readership {
  struct Entry: Sendable {
    var subscriber: Int64
    var email: String
    var reader: EditionPlan.Reader
  }

  static func slice(
    after id: Int64,
    end: Date,
    limit: Int,
    _ database: Database
  ) throws -> (entries: [Entry], last: Int64?) {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT id, email, density, window_start FROM subscriber
        WHERE state = 'active' AND id > ? ORDER BY id LIMIT ?
        """,
      arguments: [id, limit]
    )
    let entries = try rows.compactMap { row -> Entry? in
      let subscriber: Int64 = row["id"]
      let start = Date(milliseconds: row["window_start"] as Int64? ?? 0)
      guard start < end else { return nil }
      return Entry(
        subscriber: subscriber,
        email: row["email"],
        reader: EditionPlan.Reader(
          windowStart: start,
          density: Subscriber.Density(rawValue: row["density"]) ?? .brief,
          follows: try FollowTarget.fetch(subscriber: subscriber, state: "active", database)
        )
      )
    }
    return (entries, rows.last.map { $0["id"] })
  }
}
