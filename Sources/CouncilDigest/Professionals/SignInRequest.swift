import Foundation
import GRDB

/// A link to sign in that was asked for, as a row. It works once.
enum SignInRequest {
  enum Outcome: Equatable, Sendable {
    /// With the secret of a new session, and the transcript they came from.
    case signedIn(secret: String, next: String?)
    case wasUsed
    /// They may not read transcripts any more.
    case ended
    case gone
  }

  static func insert(for subscriber: Int64, next: String?, now: Date, _ database: Database) throws -> Int64 {
    try database.execute(
      sql: "INSERT INTO sign_in (subscriber_id, next, requested_at) VALUES (?, ?, ?)",
      arguments: [subscriber, next, now.milliseconds]
    )
    return database.lastInsertedRowID
  }

  static func isUsed(_ id: Int64, _ database: Database) throws -> Bool? {
    try Bool.fetchOne(database, sql: "SELECT used_at IS NOT NULL FROM sign_in WHERE id = ?", arguments: [id])
  }

  static func use(_ id: Int64, now: Date, _ database: Database) throws -> Outcome {
    let row = try Row.fetchOne(
      database,
      sql: "SELECT subscriber_id, next, used_at FROM sign_in WHERE id = ?",
      arguments: [id]
    )
    guard let row, let subscriber = try Subscriber.find(id: row["subscriber_id"], database) else { return .gone }
    guard row["used_at"] as Int64? == nil else { return .wasUsed }
    guard subscriber.isProfessional(at: now) else { return .ended }
    try database.execute(sql: "UPDATE sign_in SET used_at = ? WHERE id = ?", arguments: [now.milliseconds, id])
    return .signedIn(secret: try ReadingSession.start(for: subscriber.id, now: now, database), next: row["next"])
  }
}
