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
      let subscriber = try Subscriber.find(id: change.subscriber, database), subscriber.mayMove
    else { return false }
    let address = try EmailAddress(parsing: change.email)
    if let other = try Subscriber.find(address, database), other.id != subscriber.id {
      try absorb(other, into: subscriber, now: now, database)
    }
    try move(subscriber, to: address, database)
    try Suppression.lift(address.key, keys, database)
    try end(id, as: .done, now: now, database)
    return true
  }

  /// The new mailbox works, whatever the old one did. What stands under the old address goes along, so that an answer to
  /// it reaches them, and an erasure finds it.
  private static func move(_ subscriber: Subscriber, to address: EmailAddress, _ database: Database) throws {
    let (id, old, new, key) = (subscriber.id, subscriber.email.lowercased(), address.description, address.key)
    try database.execute(
      literal: """
        UPDATE subscriber SET email = \(new), email_key = \(key), state = 'active', suppressed_because = NULL
        WHERE id = \(id);
        UPDATE outgoing_mail SET recipient = \(new)
        WHERE subscriber_id = \(id) AND kind = 'digest' AND state = 'queued';
        UPDATE outgoing_mail SET subscriber_id = \(id)
        WHERE subscriber_id IS NULL AND is_urgent = 1 AND lower(recipient) = \(old);
        UPDATE topic_request SET email = \(new) WHERE lower(email) = \(old) AND confirmed_at IS NOT NULL;
        UPDATE feedback SET email = \(new) WHERE lower(email) = \(old);
        """
    )
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

  /// One person had two addresses here, and from now on has one: they get one letter with what both followed. Links in
  /// the letters of both go on working.
  ///
  /// Nothing is lost and nothing comes twice. A letter that waits, to either address, was planned for what that one
  /// followed; it is cancelled, and the next one covers both. It begins where the earlier of the two had been served to;
  /// what a letter to either has carried since is left out of it (`Readership.had`), so that the one that was paused for
  /// months does not bring back what came to the other meanwhile. A millisecond before that, so that a letter which a
  /// worker holds at this moment, and which lacks what the other followed, does not move the window (`ApplySentLetters`).
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
        WHERE subscriber_id IN (\(id), \(other)) AND kind = 'digest' AND state = 'queued';
        UPDATE outgoing_mail SET subscriber_id = \(id),
          joined_from = CASE WHEN run_id IS NULL THEN joined_from WHEN joined_from = 0 THEN \(other) ELSE joined_from END
        WHERE subscriber_id = \(other);
        UPDATE bounce SET subscriber_id = \(id) WHERE subscriber_id = \(other);
        UPDATE consent SET subscriber_id = \(id) WHERE subscriber_id = \(other);
        UPDATE subscription SET state = 'ended', ended_at = \(now), ended_how = 'followed already'
        WHERE subscriber_id = \(other) AND state = 'active' AND target IN (
          SELECT target FROM subscription WHERE subscriber_id = \(id) AND state = 'active');
        UPDATE subscription SET subscriber_id = \(id) WHERE subscriber_id = \(other);
        UPDATE session SET subscriber_id = \(id) WHERE subscriber_id = \(other);
        UPDATE sign_in SET subscriber_id = \(id) WHERE subscriber_id = \(other);
        UPDATE subscriber SET
          window_start = max(0, CASE other.state
            WHEN 'active' THEN min(coalesce(subscriber.window_start, 0), coalesce(other.window_start, 0))
            ELSE coalesce(subscriber.window_start, 0) END - 1),
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
