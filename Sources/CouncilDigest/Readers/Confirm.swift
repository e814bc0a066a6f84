import HTTPServer

/// `GET` and `POST /confirm/{token}`: finds out what the link is for. Only POST acts: mail scanners open every link.
struct Confirm: Sendable {
  let store: Store
  let subscription: ConfirmSubscription
  let topicRequest: ConfirmTopicRequest
  let address: ConfirmAddress

  private enum Subject {
    case subscription(Int64)
    case topicRequest(Int64)
    case address(Int64)
  }

  func show(_ request: Request) async throws -> Response {
    switch try subject(of: request) {
    case .subscription(let consent): try await subscription.show(consent)
    case .topicRequest(let id): try await topicRequest.show(id)
    case .address(let id): try await address.show(id)
    }
  }

  func confirm(_ request: Request) async throws -> Response {
    switch try subject(of: request) {
    case .subscription(let consent): try await subscription.confirm(consent)
    case .topicRequest(let id): try await topicRequest.confirm(id)
    case .address(let id): try await address.confirm(id)
    }
  }

  private func subject(of request: Request) throws -> Subject {
    let token = request.parameter("token")
    let subjects: [(LinkPurpose, (Int64) -> Subject)] = [
      (.confirmSubscription, Subject.subscription), (.confirmTopicRequest, Subject.topicRequest),
      (.confirmAddress, Subject.address),
    ]
    for (purpose, subject) in subjects {
      switch MailedLink.read(token, for: purpose, store.keys, now: store.now()) {
      case .valid(let row): return subject(row)
      case .expired where purpose == .confirmAddress:
        throw Refusal.expired("This link worked for 7 days. Ask for the change again on your preferences page")
      case .expired:
        throw Refusal.expired("This link worked for 7 days. Sign up again and we will send you a fresh one")
      case .unknown: continue
      }
    }
    throw Refusal.notFound("This link is not complete. Open it from the letter again, or copy all of it")
  }
}
