import HTTPServer
import HTTPTypes

/// `GET` and `POST /sign-in/{token}`: a page with one button, which signs in. GET is inert: mail scanners open every link.
struct UseSignInLink: Sendable {
  let store: Store
  let site: Site
  let sessions: ReadingSession

  func show(_ request: Request) async throws -> Response {
    let id = try number(request)
    switch try await store.read({ try SignInRequest.isUsed(id, $0) }) {
    case false?: return try page("sign-in-confirm", "Sign in")
    case true?: return try page("sign-in-used", "This link was used")
    case nil: throw Self.gone
    }
  }

  func signIn(_ request: Request) async throws -> Response {
    let id = try number(request)
    let now = store.now()
    switch try await store.write({ try SignInRequest.use(id, now: now, $0) }) {
    case .signedIn(let secret, let next):
      var response = site.seeOther(next ?? "/sign-in")
      response.fields[.setCookie] = sessions.cookie(secret)
      return response
    case .wasUsed: return try page("sign-in-used", "This link was used")
    case .ended: return try page("sign-in-ended", "Your access has ended", status: .forbidden)
    case .gone: throw Self.gone
    }
  }

  private func number(_ request: Request) throws -> Int64 {
    switch MailedLink.read(request.parameter("token"), for: .signIn, store.keys, now: store.now()) {
    case .valid(let id): return id
    case .expired: throw Refusal.expired("This link worked for an hour. Ask for a new one on the page to sign in")
    case .unknown:
      throw Refusal.notFound("This link is not complete. Open it from the letter again, or copy all of it")
    }
  }

  private func page(_ template: String, _ title: String, status: HTTPResponse.Status = .ok) throws -> Response {
    try site.page(
      template,
      ["contact": site.identity.contactEmail],
      title: title,
      status: status,
      visibility: .mailedLink
    )
  }

  private static let gone = Refusal.notFound("This link does not belong to a reader any more")
}
