import Foundation
import GRDB
import HTTPServer

/// `GET /api/v1/topic-requests?state=`.
struct TopicRequestAPI: Sendable {
  let store: Store

  func list(_ request: Request) async throws -> Response {
    let paging = try Paging(request)
    let after = try paging.afterID()
    let state = try QueryString(request).first("state").map { text in
      guard let state = TopicRequest.State(rawValue: text), state != .unconfirmed else {
        throw Refusal.invalid([FieldProblem("state", "Expected one of: open, accepted, declined")])
      }
      return state
    }
    let now = store.now()
    let requests = try await store.read { database in
      try TopicRequest.list(state: state, after: after, limit: paging.limit + 1, database)
        .map { try TopicRequestItem($0, now: now, database) }
    }
    return try JSONOutput.response(.ok, paging.page(requests) { String($0.id) })
  }
}

struct TopicRequestItem: Encodable, Sendable {
  /// What the service would look for, and what that would have found in the last twelve months.
  struct Suggestion: Encodable, Sendable {
    var query: String
    var meetings: Int
    var perWeek: Double
    /// A person could not follow it by themselves.
    var isTooBroad: Bool
  }

  struct Event: Encodable, Sendable {
    var state: String
    var at: Date
  }

  var id: Int64
  var email: String
  var request: String
  var query: String?
  var councils: [String]
  var state: String
  /// Of one that is open.
  var suggestion: Suggestion?
  var acceptedQuery: String?
  var reply: String?
  var createdAt: Date
  var confirmedAt: Date?
  var history: [Event]

  init(_ request: TopicRequest, now: Date, _ database: Database) throws {
    id = request.id
    email = request.email
    self.request = request.request
    query = request.query
    councils = request.councils
    state = request.state.rawValue
    acceptedQuery = request.acceptedQuery
    reply = request.reply
    createdAt = request.createdAt
    confirmedAt = request.confirmedAt
    history = [
      (TopicRequest.State.unconfirmed, request.createdAt), (.open, request.confirmedAt),
      (request.state, request.decidedAt),
    ].compactMap { state, at in at.map { Event(state: state.rawValue, at: $0) } }
    guard request.state == .open, let text = request.suggestion, let query = try? TopicQuery(printed: text) else {
      return
    }
    let reach = try QueryReach.load(query, now: now, database)
    suggestion = Suggestion(
      query: text,
      meetings: reach.meetings,
      perWeek: (reach.perWeek * 10).rounded() / 10,
      isTooBroad: reach.isTooBroad
    )
  }
}
