import Foundation
import GRDB
import Mail

/// A person's own words for a custom update.
struct TopicRequest: Equatable, Sendable {
  /// `unconfirmed` until the address answered; only then does the operator see it.
  enum State: String, CaseIterable, Sendable {
    case unconfirmed, open, accepted, declined
  }

  var id: Int64
  var email: String
  var request: String
  /// As the person wrote it, if they did.
  var query: String?
  /// What the service would look for.
  var suggestion: String?
  /// By slug; none for all.
  var councils: [String]
  var state: State
  var createdAt: Date
  var confirmedAt: Date?
  var decidedAt: Date?
  /// What the person was given to follow.
  var acceptedQuery: String?
  /// What the operator wrote to them.
  var reply: String?

  static let maximumCharacters = 2_000
  static let maximumQueryCharacters = 500
}

extension TopicRequest {
  static func insert(
    email: EmailAddress,
    request: String,
    query: String?,
    suggestion: String?,
    councils: [Council],
    now: Date,
    _ database: Database
  ) throws -> Int64 {
    try database.execute(
      sql: """
        INSERT INTO topic_request (email, request, query, suggestion, state, created_at)
        VALUES (?, ?, ?, ?, 'unconfirmed', ?)
        """,
      arguments: [email.description, request, query, suggestion, now.milliseconds]
    )
    let id = database.lastInsertedRowID
    for council in councils {
      try database.execute(
        sql: "INSERT INTO topic_request_council (topic_request_id, council_id) VALUES (?, ?)",
        arguments: [id, council.id]
      )
    }
    return id
  }

  static func find(_ id: Int64, _ database: Database) throws -> TopicRequest? {
    try Row.fetchOne(database, sql: "\(select) WHERE topic_request.id = ?", arguments: [id])
      .flatMap(TopicRequest.init)
  }

  /// Confirmed requests, oldest first, after `id`; all states when `state` is nil.
  static func list(state: State?, after id: Int64, limit: Int, _ database: Database) throws -> [TopicRequest] {
    try Row.fetchAll(
      database,
      sql: """
        \(select)
        WHERE topic_request.id > :after AND state <> 'unconfirmed' AND (:state IS NULL OR state = :state)
        ORDER BY topic_request.id LIMIT :limit
        """,
      arguments: ["after": id, "state": state?.rawValue, "limit": limit]
    ).compactMap(TopicRequest.init)
  }

  private static let select = """
    SELECT topic_request.id, email, request, query, suggestion, state, created_at, confirmed_at, decided_at,
      accepted_query, reply,
      (SELECT group_concat(slug, ' ') FROM topic_request_council
        JOIN council ON council.id = topic_request_council.council_id
        WHERE topic_request_id = topic_request.id) AS councils
    FROM topic_request
    """

  private init?(row: Row) {
    guard let state = State(rawValue: row["state"]) else { return nil }
    self.state = state
    id = row["id"]
    email = row["email"]
    request = row["request"]
    query = row["query"]
    suggestion = row["suggestion"]
    councils = (row["councils"] as String? ?? "").split(separator: " ").map(String.init)
    createdAt = Date(milliseconds: row["created_at"])
    confirmedAt = (row["confirmed_at"] as Int64?).map(Date.init(milliseconds:))
    decidedAt = (row["decided_at"] as Int64?).map(Date.init(milliseconds:))
    acceptedQuery = row["accepted_query"]
    reply = row["reply"]
  }
}
