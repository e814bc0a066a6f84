import Foundation
import GRDB
import Mail

/// What is left of somebody who was erased and whose address had refused our letters, or who had complained: a keyed hash
/// of the address, so that nobody writes to it again by adding it anew. It goes when the mailbox itself confirms.
enum Suppression {
  /// The reason that is about the reader's wish, not about their mailbox.
  static let complaint = "the reader complained"

  static func keep(
    _ address: String,
    because reason: String,
    now: Date,
    _ keys: KeyRing,
    _ database: Database
  ) throws {
    try database.execute(
      sql: "INSERT INTO suppression (address, reason, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
      arguments: [hash(address, keys), reason, now.milliseconds]
    )
  }

  /// Why nothing may be sent to an address, if so.
  static func reason(_ address: EmailAddress, _ keys: KeyRing, _ database: Database) throws -> String? {
    try String.fetchOne(
      database,
      cached: "SELECT reason FROM suppression WHERE address = ?",
      arguments: [hash(address.key, keys)]
    )
  }

  /// The address of a consent has just confirmed it.
  static func lift(consent: Int64, _ keys: KeyRing, _ database: Database) throws {
    let address = try String.fetchOne(
      database,
      cached: """
        SELECT email_key FROM subscriber JOIN consent ON consent.subscriber_id = subscriber.id WHERE consent.id = ?
        """,
      arguments: [consent]
    )
    if let address { try lift(address, keys, database) }
  }

  static func lift(_ address: String, _ keys: KeyRing, _ database: Database) throws {
    try database.execute(cached: "DELETE FROM suppression WHERE address = ?", arguments: [hash(address, keys)])
  }

  private static func hash(_ address: String, _ keys: KeyRing) -> Data { keys.pseudonym(of: "address:\(address)") }
}
