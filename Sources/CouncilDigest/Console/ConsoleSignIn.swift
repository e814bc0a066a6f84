import HTTPServer
import HTTPTypes
import Logging

/// `GET` and `POST /operator/sign-in`, `POST /operator/sign-out`: an API key opens the console.
struct ConsoleSignIn: Sendable {
  let store: Store
  let sessions: ConsoleSession
  let page: ConsolePage
  let guesses: KeyGuesses
  let proxies: TrustedProxies
  let origin: OriginCheck
  let log: Logger

  static let path = "\(ConsoleSession.path)/sign-in"
  private static let longestKeyBytes = 512

  private struct View {
    var next: String?
    var errors: FormErrors?
  }

  func form(_ request: Request) async throws -> Response {
    let next = Self.console(try QueryString(request).first("next"))
    if try await sessions.caller(of: request) != nil { return page.seeOther(next ?? ConsoleSession.path) }
    return try form(next, [])
  }

  func submit(_ request: Request) async throws -> Response {
    try origin.check(request)
    let form = try FormInput(request).form
    let next = Self.console(form.first("next"))
    let key = PlainText.normalized(form.first("key") ?? "")
    let network = ClientNetwork(address: proxies.client(of: request))
    guard guesses.mayTry(network, at: store.now()) else {
      let detail = "Too many wrong keys came from your network. Try again in an hour"
      var response = try self.form(next, [FieldProblem("key", detail)], status: .tooManyRequests)
      response.fields[.retryAfter] = "3600"
      return response
    }
    guard !key.isEmpty else { return try self.form(next, [FieldProblem("key", "Enter your API key")]) }
    guard key.utf8.count <= Self.longestKeyBytes, let caller = sessions.keys.caller(holding: key),
      let secret = try await sessions.start(for: caller)
    else {
      guesses.wasWrong(network, at: store.now())
      log.notice("console.refused", metadata: ["request": "\(request.id)"])
      return try self.form(next, [FieldProblem("key", "This is not a valid API key")])
    }
    sessions.keys.noteUse(by: caller)
    log.notice("console.signed-in", metadata: ["request": "\(request.id)", "role": "\(caller.role.rawValue)"])
    var response = page.seeOther(next ?? ConsoleSession.path)
    response.fields[.setCookie] = sessions.cookie(secret)
    return response
  }

  func signOut(_ request: Request) async throws -> Response {
    try origin.check(request)
    try await sessions.end(request)
    var response = page.seeOther(Self.path)
    response.fields[.setCookie] = sessions.cookie(nil)
    return response
  }

  /// Where somebody wanted to go before they had to sign in. Anywhere else nobody is sent.
  private static func console(_ path: String?) -> String? {
    path?.wholeMatch(of: /\/operator(?:\/[a-z0-9-]{1,40}){0,5}/) == nil ? nil : path
  }

  private func form(
    _ next: String?,
    _ problems: [FieldProblem],
    status: HTTPResponse.Status = .unprocessableContent
  ) throws -> Response {
    try page(
      "sign-in",
      View(next: next, errors: FormErrors(problems)),
      title: problems.isEmpty ? "Sign in" : "Error: Sign in",
      status: problems.isEmpty ? .ok : status
    )
  }
}
