import Foundation
import GRDB

/// Forgets a person: their row, what they follow and agreed to, and everything else that names their address. Letters stay
/// as numbers without a name, so that what a run came to still adds up. Of an address that had refused our letters a keyed
/// hash is kept.
struct EraseSubscriber: Sendable {
  let store: Store

  private static let attempts = 80

  /// - Parameter change: the operator's, where it is not the person's own.
  /// - Returns: false when there is no such subscriber.
  func callAsFunction(_ id: Int64, by change: AuditedChange? = nil) async throws -> Bool {
    let now = store.now()
    guard let leaver = try await store.read({ try Subscriber.find(id: id, $0)?.person($0) }) else { return false }
    try await store.departures.append(.erased, leaver, at: now)
    let isErased = try await store.write { [keys = store.keys] database in
      guard let subscriber = try Subscriber.find(id: id, database) else { return false }
      try Self.erase(subscriber, keys, now: now, database)
      try change?.record("erase", of: "subscribers/\(id)", database)
      return true
    }
    guard isErased else { return false }
    // Who reads just now keeps the log; the daily round gets what is left.
    for _ in 0..<Self.attempts {
      if try await store.emptyLog() { break }
      try await Task.sleep(for: .milliseconds(25))
    }
    return true
  }

  static func erase(_ subscriber: Subscriber, _ keys: KeyRing, now: Date, _ database: Database) throws {
    if subscriber.state == .suppressed {
      let reason = subscriber.suppressedBecause ?? "its letters came back"
      try Suppression.keep(subscriber.email.lowercased(), because: reason, now: now, keys, database)
    }
    for address in try addresses(subscriber, database) { try forget(address, of: subscriber.id, now: now, database) }
    // With everything that hangs on it.
    try database.execute(sql: "DELETE FROM subscriber WHERE id = ?", arguments: [subscriber.id])
  }

  /// Theirs now, and those that letters to them went to before, unless they are somebody else's by now.
  private static func addresses(_ subscriber: Subscriber, _ database: Database) throws -> [String] {
    let former = try String.fetchAll(
      database,
      sql: """
        SELECT DISTINCT lower(recipient) FROM outgoing_mail
        WHERE subscriber_id = ? AND recipient <> '' AND lower(recipient) NOT IN (SELECT email_key FROM subscriber)
        """,
      arguments: [subscriber.id]
    )
    return former + [subscriber.email.lowercased()]
  }

  private static func forget(_ address: String, of id: Int64, now: Date, _ database: Database) throws {
    try forgetLetters(id, address, now: now, database)
    try database.execute(sql: "DELETE FROM topic_request WHERE lower(email) = ?", arguments: [address])
    // What they reported stays to be mended; who reported it doesn't.
    try database.execute(
      sql: """
        UPDATE feedback SET email = NULL, reply = NULL,
          message = CASE WHEN instr(lower(message), :address) > 0 THEN '(erased)' ELSE message END
        WHERE lower(email) = :address OR instr(lower(message), :address) > 0
        """,
      arguments: ["address": address]
    )
    try database.execute(sql: "DELETE FROM address_change WHERE lower(email) = ?", arguments: [address])
  }

  private static let isTheirs = "(subscriber_id = :id OR (is_urgent = 1 AND lower(recipient) = :address))"

  private static func forgetLetters(
    _ id: Int64,
    _ address: String,
    now: Date,
    _ database: Database
  ) throws {
    let arguments: StatementArguments = ["id": id, "address": address]
    try database.execute(
      sql: "DELETE FROM bounce WHERE outgoing_mail_id IN (SELECT id FROM outgoing_mail WHERE \(isTheirs))",
      arguments: arguments
    )
    // Answers repeat what somebody asked for in their own words.
    let bodies = try Int64.fetchAll(
      database,
      sql: """
        SELECT letter_body_id FROM outgoing_mail
        WHERE \(isTheirs) AND kind IN ('topic-accepted', 'topic-declined', 'feedback-reply') AND letter_body_id IS NOT NULL
        """,
      arguments: arguments
    )
    try database.execute(
      sql: """
        UPDATE outgoing_mail SET recipient = '', subscriber_id = NULL, reference_id = NULL, letter_body_id = NULL,
          diagnostic = NULL, finished_at = coalesce(finished_at, :now),
          state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END
        WHERE \(isTheirs)
        """,
      arguments: arguments &+ ["now": now.milliseconds]
    )
    for body in bodies { try LetterBody.deleteIfUnused(body, database) }
  }
}
