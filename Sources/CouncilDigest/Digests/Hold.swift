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

  /// - Throws: `Refusal.conflict` when nothing is held.
  static func release(_ release: Release, now: Date, _ database: Database) throws {
    guard try find(database) != nil else { throw Refusal.conflict("Nothing is held") }
    if case .treatAsSent(let until) = release { try treatAsSent(until: until, now: now, database) }
    try database.execute(sql: "DELETE FROM hold")
  }

  /// Windows move up, and what runs under way had still to send is not sent: what is newer than `until` goes into the
  /// next digest, or into one that an operator starts.
  private static func treatAsSent(until: Date, now: Date, _ database: Database) throws {
    try database.execute(
      sql: """
        UPDATE subscriber SET window_start = :until
        WHERE state = 'active' AND coalesce(window_start, 0) < :until
        """,
      arguments: ["until": until.milliseconds]
    )
    let unfinished: [DigestRun.State] = [.planning, .awaitingApproval, .sending, .paused]
    for run in try unfinished.flatMap({ try DigestRun.inState($0, database) }) {
      _ = try ControlDigestRun.cancel.apply(to: run.id, now: now, database)
    }
  }
}
