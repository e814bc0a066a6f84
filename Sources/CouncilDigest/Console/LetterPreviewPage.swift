import HTTPServer
import HTTPTypes
import Mail

/// `GET /operator/runs/{id}/letters/{subscriber}`: the letter that somebody gets, in the browser. Its links are not to be
/// pressed: they are that reader's.
struct LetterPreviewPage: Sendable {
  let page: ConsolePage
  let preview: PreviewDigest

  static func path(of run: String, to subscriber: Int64) -> String {
    "\(ConsoleSession.path)/runs/\(run)/letters/\(subscriber)"
  }

  func callAsFunction(_ request: Request, _ caller: Caller) async throws -> Response {
    let isNext = request.parameter("id") == "next"
    let view = LetterInBrowser(
      try await letter(request),
      frame: "\(request.path)/html",
      back: isNext ? ConsolePage.Part.next.path : ConsoleSession.path,
      backLabel: isNext ? "Next digest" : "This week"
    )
    var response = try page("letter", view, title: view.subject, in: isNext ? .next : .week, for: caller)
    response.fields[.contentSecurityPolicy] = LetterInBrowser.policy
    return response
  }

  func html(_ request: Request, _ caller: Caller) async throws -> Response {
    LetterInBrowser.html(of: try await letter(request), followsLinks: false)
  }

  private func letter(_ request: Request) async throws -> ReceivedLetter {
    guard let subscriber = Int64(request.parameter("subscriber")) else {
      throw Refusal.notFound("There is no such letter")
    }
    return ReceivedLetter(parsing: try await preview.letter(of: request.parameter("id"), to: String(subscriber)))
  }
}
