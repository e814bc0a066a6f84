import Foundation
import GRDB

/// Digests are held back, until an operator chooses: after a restore, nobody knows what was mailed since the backup.
/// Letters that people wait for leave meanwhile.
struct Hold: Equatable, Sendable {
  var since: Date
  var reason: String

  /// What to do with what gathered meanwhile.
  enum Release: Equatable, Sendable {
    /// Everyone gets what was announced since the last digest that this store knows of.
    case resend
    /// Nobody gets what was announced up to then again.
    case treatAsSent(until: Date)
  }

  static func find(_ database: Database) throws -> Hold? {
    try Row.fetchOne(database, cached: "SELECT since, reason FROM hold").map { row in
      Hold(since: Date(milliseconds: row["since"]), reason: row["reason"])
    }
  }

  /// Holding what is held already changes nothing.
  static func place(_ reason: String, now: Date, _ database: Database) throws {
    try database.execute(
      sql: "INSERT INTO hold (id, since, reason) VALUES (1, ?, ?) ON CONFLICT DO NOTHING",
      arguments: [now.milliseconds, reason]
    )
  }

  /// Letters of runs under way that have not left.
  static func waitingLetters(_ database: Database) throws -> Int {
    try Int.fetchOne(
      database,
      sql: "SELECT count(*) FROM \(OutgoingMail.waiting) WHERE run_id IS NOT NULL AND state = 'queued'"
    ) ?? 0
  }

  static func lift(_ database: Database) throws { try database.execute(sql: "DELETE FROM hold") }
}
