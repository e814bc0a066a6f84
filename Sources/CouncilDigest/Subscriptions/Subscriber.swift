import Foundation
import GRDB
import Mail

/// An address and what may be sent to it.
struct Subscriber: Equatable, Sendable {
  enum State: String, CaseIterable, Sendable {
    case pending, active, suppressed, unsubscribed
  }

  /// How much of each meeting a digest shows.
  enum Density: String, Codable, CaseIterable, Sendable {
    case headlines, brief, full
  }

  var id: Int64
  var email: String
  var state: State
  var density: Density
  /// Exclusive start of what their next digest carries.
  var windowStart: Date?
  /// No digest leaves before.
  var pausedUntil: Date?
  /// Why nothing is sent to them, while they are suppressed.
  var suppressedBecause: String?
  /// May read transcripts until then.
  var professionalUntil: Date?
  var createdAt: Date
  var confirmedAt: Date?
  /// Somebody who is suppressed may have left as well.
  var unsubscribedAt: Date?

  /// Has not left: who gets nothing only because their mailbox refuses it still can.
  var isStaying: Bool { state == .active || (state == .suppressed && unsubscribedAt == nil) }

  /// A new mailbox may take the place of one that refuses letters, but not of a complaint.
  var mayMove: Bool { isStaying && suppressedBecause != Suppression.complaint }

  func isPaused(at date: Date) -> Bool { pausedUntil.map { $0 > date } ?? false }
}

extension Subscriber {
  static let columns = """
    id, email, state, density, window_start, paused_until, suppressed_because, professional_until, created_at,
    confirmed_at, unsubscribed_at
    """

  init?(row: Row) {
    guard let state = State(rawValue: row["state"]), let density = Density(rawValue: row["density"]) else { return nil }
    self.state = state
    self.density = density
    id = row["id"]
    email = row["email"]
    windowStart = (row["window_start"] as Int64?).map(Date.init(milliseconds:))
    pausedUntil = (row["paused_until"] as Int64?).map(Date.init(milliseconds:))
    suppressedBecause = row["suppressed_because"]
    professionalUntil = (row["professional_until"] as Int64?).map(Date.init(milliseconds:))
    createdAt = Date(milliseconds: row["created_at"])
    confirmedAt = (row["confirmed_at"] as Int64?).map(Date.init(milliseconds:))
    unsubscribedAt = (row["unsubscribed_at"] as Int64?).map(Date.init(milliseconds:))
  }

  static func find(_ address: EmailAddress, _ database: Database) throws -> Subscriber? {
    try Row.fetchOne(
      database,
      cached: "SELECT \(columns) FROM subscriber WHERE email_key = ?",
      arguments: [address.key]
    ).flatMap(Subscriber.init)
  }

  /// Who had that id before they moved to another address is found too.
  static func find(id: Int64, _ database: Database) throws -> Subscriber? {
    try Row.fetchOne(
      database,
      cached: """
        SELECT \(columns) FROM subscriber
        WHERE id = coalesce((SELECT subscriber_id FROM moved_subscriber WHERE moved_subscriber.id = :id), :id)
        """,
      arguments: ["id": id]
    ).flatMap(Subscriber.init)
  }

  /// As the departure file names them.
  func person(_ database: Database) throws -> DepartureFile.Person {
    let others = try Int64.fetchAll(
      database,
      sql: "SELECT id FROM moved_subscriber WHERE subscriber_id = ? ORDER BY id",
      arguments: [id]
    )
    return .init(address: email, ids: [id] + others)
  }

  /// By address, or by id in decimal digits.
  static func find(reference: String, _ database: Database) throws -> Subscriber? {
    if let id = Int64(reference) { return try find(id: id, database) }
    return try Row.fetchOne(
      database,
      sql: "SELECT \(columns) FROM subscriber WHERE email_key = ?",
      arguments: [reference.lowercased()]
    ).flatMap(Subscriber.init)
  }

  /// The subscriber of an address; a new one is pending.
  static func findOrInsert(_ address: EmailAddress, now: Date, _ database: Database) throws -> Subscriber {
    try database.execute(
      cached: """
        INSERT INTO subscriber (email, email_key, state, created_at) VALUES (?, ?, 'pending', ?)
        ON CONFLICT (email_key) DO NOTHING
        """,
      arguments: [address.description, address.key, now.milliseconds]
    )
    if database.changesCount == 1 {
      let id = database.lastInsertedRowID
      return Subscriber(id: id, email: address.description, state: .pending, density: .brief, createdAt: now)
    }
    guard let subscriber = try find(address, database) else {
      throw StoreProblem.unusable(path: "subscriber", problem: "a row that was just written is not there")
    }
    return subscriber
  }
}
