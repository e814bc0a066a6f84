import Foundation
import GRDB
import Mail

/// What a reader wrote to the people who run the service.
struct Feedback: Equatable, Sendable {
  enum Kind: String, CaseIterable, Sendable {
    case comment, mistake
  }

  enum State: String, CaseIterable, Sendable {
    case open, handled
  }

  var id: Int64
  var kind: Kind
  var message: String
  var email: String?
  /// `council/meeting`, both slugs.
  var meeting: String?
  var state: State
  var createdAt: Date
  /// What the operator wrote back.
  var reply: String?
  var handledAt: Date?

  static let maximumCharacters = 5_000
}

extension Feedback {
  static func insert(
    kind: Kind,
    message: String,
    email: EmailAddress?,
    meeting: Int64?,
    now: Date,
    _ database: Database
  ) throws {
    try database.execute(
      sql: """
        INSERT INTO feedback (kind, message, email, meeting_id, state, created_at) VALUES (?, ?, ?, ?, 'open', ?)
        """,
      arguments: [kind.rawValue, message, email?.description, meeting, now.milliseconds]
    )
  }

  /// Oldest first, after `id`; all states when `state` is nil.
  static func list(state: State?, after id: Int64, limit: Int, _ database: Database) throws -> [Feedback] {
    try Row.fetchAll(
      database,
      sql: """
        \(select)
        WHERE feedback.id > :after AND (:state IS NULL OR state = :state)
        ORDER BY feedback.id LIMIT :limit
        """,
      arguments: ["after": id, "state": state?.rawValue, "limit": limit]
    ).compactMap(Feedback.init)
  }

  static func find(_ id: Int64, _ database: Database) throws -> Feedback? {
    try Row.fetchOne(database, sql: "\(select) WHERE feedback.id = ?", arguments: [id]).flatMap(Feedback.init)
  }

  private static let select = """
    SELECT feedback.id, kind, message, email, state, feedback.created_at, reply, handled_at,
      council.slug || '/' || meeting.slug AS meeting
    FROM feedback
    LEFT JOIN meeting ON meeting.id = feedback.meeting_id
    LEFT JOIN council ON council.id = meeting.council_id
    """

  private init?(row: Row) {
    guard let kind = Kind(rawValue: row["kind"]), let state = State(rawValue: row["state"]) else { return nil }
    self.kind = kind
    self.state = state
    id = row["id"]
    message = row["message"]
    email = row["email"]
    meeting = row["meeting"]
    createdAt = Date(milliseconds: row["created_at"])
    reply = row["reply"]
    handledAt = (row["handled_at"] as Int64?).map(Date.init(milliseconds:))
  }
}
