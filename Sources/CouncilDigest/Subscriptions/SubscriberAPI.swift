import Foundation
import GRDB
import HTTPServer
import Mail

/// `GET /api/v1/subscribers?email=&state=`, `GET` and `PATCH /api/v1/subscribers/{id}`.
struct SubscriberAPI: Sendable {
  let store: Store

  func list(_ request: Request) async throws -> Response {
    let paging = try Paging(request)
    let after = try paging.afterID()
    let query = try QueryString(request)
    let email = query.first("email")?.lowercased()
    let state = try query.first("state").map { text in
      guard let state = Subscriber.State(rawValue: text) else {
        throw Refusal.invalid([FieldProblem("state", "Expected one of: pending, active, suppressed, unsubscribed")])
      }
      return state.rawValue
    }
    let items = try await store.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT \(Subscriber.columns) FROM subscriber
          WHERE id > :after AND (:email IS NULL OR email_key = :email) AND (:state IS NULL OR state = :state)
          ORDER BY id LIMIT :limit
          """,
        arguments: ["after": after, "email": email, "state": state, "limit": paging.limit + 1]
      ).compactMap(Subscriber.init).map { try SubscriberItem($0, database) }
    }
    return try JSONOutput.response(.ok, paging.page(items) { String($0.id) })
  }

  func get(_ request: Request) async throws -> Response {
    let id = Int64(request.parameter("id")) ?? 0
    let item = try await store.read { database in
      try Subscriber.find(id: id, database).map { try SubscriberItem($0, database) }
    }
    guard let item else { throw Self.unknown(request) }
    return try JSONOutput.response(.ok, item)
  }

  /// `{professional_until}`: until when they may read transcripts; null ends it.
  func change(_ request: Request, _ change: AuditedChange) async throws -> Response {
    let id = Int64(request.parameter("id")) ?? 0
    var input = try JSONInput(request)
    let isNamed = input.has("professional_until")
    let until = input.time("professional_until")?.date
    if !isNamed { input.refuse("professional_until", "Required: a time, or null") }
    try input.finish()
    let item = try await store.write { database -> SubscriberItem? in
      guard let before = try Subscriber.find(id: id, database) else { return nil }
      try database.execute(
        sql: "UPDATE subscriber SET professional_until = ? WHERE id = ?",
        arguments: [until?.milliseconds, id]
      )
      if before.professionalUntil == until {
        change.changedNothing()
      } else {
        try change.record(
          "change",
          of: "subscribers/\(id)",
          before: ["professional_until": before.professionalUntil],
          after: ["professional_until": until],
          database
        )
      }
      return try Subscriber.find(id: id, database).map { try SubscriberItem($0, database) }
    }
    guard let item else { throw Self.unknown(request) }
    return try JSONOutput.response(.ok, item)
  }

  private static func unknown(_ request: Request) -> Refusal {
    .notFound("There is no subscriber \(request.parameter("id"))")
  }
}

struct SubscriberItem: Encodable {
  var id: Int64
  var email: String
  var state: String
  var density: String
  /// As the preferences page sends them.
  var follows: [String]
  var pausedUntil: Date?
  var suppressedBecause: String?
  /// Until when they may read transcripts.
  var professionalUntil: Date?
  var createdAt: Date
  var confirmedAt: Date?

  init(_ subscriber: Subscriber, _ database: Database) throws {
    id = subscriber.id
    email = subscriber.email
    state = subscriber.state.rawValue
    density = subscriber.density.rawValue
    follows = try FollowTarget.fetch(subscriber: subscriber.id, database).map(\.reference)
    pausedUntil = subscriber.pausedUntil
    suppressedBecause = subscriber.suppressedBecause
    professionalUntil = subscriber.professionalUntil
    createdAt = subscriber.createdAt
    confirmedAt = subscriber.confirmedAt
  }
}
