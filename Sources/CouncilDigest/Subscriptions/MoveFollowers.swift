import Foundation
import GRDB

/// Who follows a council, or one of its committees, follows another one instead. Who follows both keeps one subscription.
struct MoveFollowers {
  private let old: Council
  private let new: Council

  init(from old: Council, to new: Council) {
    (self.old, self.new) = (old, new)
  }

  /// Committees have been moved before.
  func callAsFunction(now: Date, _ database: Database) throws {
    try database.execute(
      sql: "UPDATE subscription SET council_id = :new WHERE council_id = :old AND committee_id IS NOT NULL",
      arguments: ["old": old.id, "new": new.id]
    )
    try Subscriptions.move(.init(column: "council_id", key: "council", old: old.id, new: new.id), database)
  }
}

/// Rows of what people follow.
enum Subscriptions {
  /// One thing that is followed takes the place of another.
  struct Move {
    /// A column of ours.
    var column: StaticString
    /// As it begins in `target`.
    var key: String
    var old: Int64
    var new: Int64
  }

  /// Of rows that would say the same twice one stays: the one that was there, or else the active one.
  static func move(_ move: Move, _ database: Database) throws {
    let arguments: StatementArguments = [
      "old": move.old, "new": move.new, "target": "\(move.key):\(move.old)", "becomes": "\(move.key):\(move.new)",
    ]
    try database.execute(
      sql: """
        DELETE FROM subscription WHERE target = :target AND (
          (state = 'active' AND EXISTS (
            SELECT 1 FROM subscription AS other WHERE other.subscriber_id = subscription.subscriber_id
              AND other.target = :becomes AND other.state = 'active'))
          OR (state <> 'active' AND EXISTS (
            SELECT 1 FROM subscription AS other
            WHERE other.consent_id = subscription.consent_id AND other.target = :becomes)))
        """,
      arguments: ["target": "\(move.key):\(move.old)", "becomes": "\(move.key):\(move.new)"]
    )
    // Of the same consent one may have ended, while this one is active.
    try database.execute(
      sql: """
        DELETE FROM subscription WHERE target = :becomes AND state <> 'active' AND EXISTS (
          SELECT 1 FROM subscription AS other
          WHERE other.consent_id = subscription.consent_id AND other.target = :target)
        """,
      arguments: ["target": "\(move.key):\(move.old)", "becomes": "\(move.key):\(move.new)"]
    )
    try database.execute(
      sql: """
        UPDATE subscription SET \(move.column) = :new, target = :becomes
        WHERE \(move.column) = :old AND target = :target
        """,
      arguments: arguments
    )
  }
}
