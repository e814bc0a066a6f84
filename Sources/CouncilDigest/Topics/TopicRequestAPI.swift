import Foundation
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
    let requests = try await store.read { database in
      try TopicRequest.list(state: state, after: after, limit: paging.limit + 1, database)
    }
    return try JSONOutput.response(.ok, paging.page(requests.map(TopicRequestItem.init)) { String($0.id) })
  }
}

struct TopicRequestItem: Encodable {
  var id: Int64
  var email: String
  var request: String
  var query: String?
  var councils: [String]
  var state: String
  var createdAt: Date
  var confirmedAt: Date?

  init(_ request: TopicRequest) {
    id = request.id
    email = request.email
    self.request = request.request
    query = request.query
    councils = request.councils
    state = request.state.rawValue
    createdAt = request.createdAt
    confirmedAt = request.confirmedAt
  }
}
