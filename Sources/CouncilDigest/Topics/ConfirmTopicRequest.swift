import Foundation
import GRDB
import HTTPServer
import Logging

/// `/confirm/{token}` for a topic request: GET shows one button, POST opens the request.
struct ConfirmTopicRequest: Sendable {
  let store: Store
  let site: Site
  let notices: OperatorNotices
  let log: Logger
  let mailQueued: @Sendable () -> Void

  enum Outcome: Equatable {
    case opened(TopicRequest)
    case wasOpen
    case gone
  }

  func show(_ id: Int64) async throws -> Response {
    guard let request = try await store.read({ try TopicRequest.find(id, $0) }) else { throw Self.gone }
    guard request.state == .unconfirmed else { return try page("topic-request-confirmed", "Request sent") }
    return try page("topic-request-confirm", "Confirm your topic request")
  }

  func confirm(_ id: Int64) async throws -> Response {
    let now = store.now()
    let outcome = try await store.write { [notices] database in
      let outcome = try Self.open(id, now: now, database)
      if case .opened(let request) = outcome { try notices.queue(.topicRequested(request), database) }
      return outcome
    }
    switch outcome {
    case .opened(let request):
      log.notice("topic-request.opened", metadata: ["id": "\(request.id)"])
      mailQueued()
      return try page("topic-request-confirmed", "Request sent")
    case .wasOpen: return try page("topic-request-confirmed", "Request sent")
    case .gone: throw Self.gone
    }
  }

  static func open(_ id: Int64, now: Date, _ database: Database) throws -> Outcome {
    guard var request = try TopicRequest.find(id, database) else { return .gone }
    guard request.state == .unconfirmed else { return .wasOpen }
    try database.execute(
      sql: "UPDATE topic_request SET state = 'open', confirmed_at = ? WHERE id = ? AND state = 'unconfirmed'",
      arguments: [now.milliseconds, id]
    )
    request.state = .open
    request.confirmedAt = now
    return .opened(request)
  }

  private func page(_ template: String, _ title: String) throws -> Response {
    try site.page(template, (), title: title, visibility: .mailedLink)
  }

  private static let gone = Refusal.notFound("This link does not belong to a topic request any more")
}

extension OperatorNotice {
  /// A person asked for a topic and confirmed their address.
  fileprivate static func topicRequested(_ request: TopicRequest) -> OperatorNotice {
    OperatorNotice(
      subject: "Somebody asks for a topic",
      sentences: [
        "In their words:", request.request,
        "It is request \(request.id). GET /api/v1/topic-requests?state=open lists all that are open.",
      ],
      isFromPublic: true
    )
  }
}
