import HTTPServer

/// `GET /topics/request/check-your-email?q=`: says that a letter is on its way and, at once, what would be looked for and
/// what that finds, so that a person can follow it without waiting for anybody.
struct TopicRequestPage: Sendable {
  let site: Site
  let lab: QueryLabPage

  private struct View {
    var result: QueryLabView?
  }

  func callAsFunction(_ request: Request) async throws -> Response {
    let text = PlainText.normalized(try QueryString(request).first("q") ?? "")
    var result: QueryLabView?
    if PlainText.isSingleLine(text), let query = try? TopicQuery(parsing: text) {
      result = try await lab.result(query, text)
    }
    return try site.page(
      "topic-request-sent",
      View(result: result),
      title: "Check your email",
      visibility: .onlyYou
    )
  }
}
