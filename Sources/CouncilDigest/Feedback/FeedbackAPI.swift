import Foundation
import HTTPServer

/// `GET /api/v1/feedback?state=`.
struct FeedbackAPI: Sendable {
  let store: Store

  func list(_ request: Request) async throws -> Response {
    let paging = try Paging(request)
    let after = try paging.afterID()
    let state = try QueryString(request).first("state").map { text in
      guard let state = Feedback.State(rawValue: text) else {
        throw Refusal.invalid([FieldProblem("state", "Expected one of: open, handled")])
      }
      return state
    }
    let feedback = try await store.read { database in
      try Feedback.list(state: state, after: after, limit: paging.limit + 1, database)
    }
    return try JSONOutput.response(.ok, paging.page(feedback.map(FeedbackItem.init)) { String($0.id) })
  }
}

struct FeedbackItem: Encodable {
  var id: Int64
  var kind: String
  var message: String
  var email: String?
  var meeting: String?
  var state: String
  var createdAt: Date
  var reply: String?
  var handledAt: Date?

  init(_ feedback: Feedback) {
    id = feedback.id
    kind = feedback.kind.rawValue
    message = feedback.message
    email = feedback.email
    meeting = feedback.meeting
    state = feedback.state.rawValue
    createdAt = feedback.createdAt
    reply = feedback.reply
    handledAt = feedback.handledAt
  }
}
