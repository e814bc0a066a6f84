import Foundation
import GRDB
import Mail

/// A change of address as a row, and what the two sides make of it.
struct AddressChange: Equatable, Sendable {
  enum State: String, Sendable {
    case waiting, done, stopped, replaced
  }

  var id: Int64
  var subscriber: Int64
  /// The new one; empty when it is over.
  var email: String
  var state: State

  static func find(_ id: Int64, _ database: Database) throws -> AddressChange? {
    let row = try Row.fetchOne(
      database,
      sql: "SELECT subscriber_id, email, state FROM address_change WHERE id = ?",
      arguments: [id]
    )
    guard let row, let state = State(rawValue: row["state"]) else { return nil }
    return AddressChange(id: id, subscriber: row["subscriber_id"], email: row["email"], state: state)
  }

  /// The new address answered.
  /// - Returns: false when it was over before.
  static func confirm(_ id: Int64, _ keys: KeyRing, now: Date, _ database: Database) throws -> Bool {
    guard let change = try find(id, database), change.state == .waiting,
      let subscriber = try Subscriber.find(id: change.subscriber, database), subscriber.state == .active
    else { return false }
    let address = try EmailAddress(parsing: change.email)
    if let other = try Subscriber.find(address, database), other.id != subscriber.id {
      try absorb(other, into: subscriber, now: now, database)
    }
    try database.execute(
      sql: "UPDATE subscriber SET email = ?, email_key = ? WHERE id = ?",
      arguments: [address.description, address.key, subscriber.id]
    )
    try Suppression.lift(address.key, keys, database)
    try database.execute(
      sql: "UPDATE outgoing_mail SET recipient = ? WHERE subscriber_id = ? AND kind = 'digest' AND state = 'queued'",
      arguments: [address.description, subscriber.id]
    )
    try end(id, as: .done, now: now, database)
    return true
  }

  /// The old address says no.
  /// - Returns: false when it was over before.
  static func stop(_ id: Int64, now: Date, _ database: Database) throws -> Bool {
    guard try find(id, database)?.state == .waiting else { return false }
    try end(id, as: .stopped, now: now, database)
    return true
  }

  private static func end(_ id: Int64, as state: State, now: Date, _ database: Database) throws {
    try database.execute(
      sql: "UPDATE address_change SET state = ?, email = '', ended_at = ? WHERE id = ?",
      arguments: [state.rawValue, now.milliseconds, id]
    )
  }

  /// One person had two addresses here, and from now on has one: they get one letter with what both followed, and nothing
  /// that neither was sent yet is lost. Links in the letters of both go on working.
  private static func absorb(
    _ other: Subscriber,
    into subscriber: Subscriber,
    now: Date,
    _ database: Database
  ) throws {
    let (id, other, now) = (subscriber.id, other.id, now.milliseconds)
    try database.execute(
      literal: """
        UPDATE outgoing_mail SET state = 'cancelled', finished_at = \(now)
        WHERE subscriber_id = \(other) AND kind = 'digest' AND state = 'queued';
        UPDATE consent SET subscriber_id = \(id) WHERE subscriber_id = \(other);
        UPDATE subscription SET state = 'ended', ended_at = \(now), ended_how = 'followed already'
        WHERE subscriber_id = \(other) AND state = 'active' AND target IN (
          SELECT target FROM subscription WHERE subscriber_id = \(id) AND state = 'active');
        UPDATE subscription SET subscriber_id = \(id) WHERE subscriber_id = \(other);
        UPDATE session SET subscriber_id = \(id) WHERE subscriber_id = \(other);
        UPDATE sign_in SET subscriber_id = \(id) WHERE subscriber_id = \(other);
        UPDATE subscriber SET
          window_start = CASE other.state WHEN 'active' THEN min(subscriber.window_start, other.window_start)
            ELSE subscriber.window_start END,
          professional_until = max(coalesce(subscriber.professional_until, other.professional_until),
            coalesce(other.professional_until, subscriber.professional_until))
        FROM (SELECT state, window_start, professional_until FROM subscriber WHERE id = \(other)) AS other
        WHERE subscriber.id = \(id);
        UPDATE moved_subscriber SET subscriber_id = \(id) WHERE subscriber_id = \(other);
        INSERT INTO moved_subscriber (id, subscriber_id) VALUES (\(other), \(id));
        DELETE FROM subscriber WHERE id = \(other);
        """
    )
  }
}
