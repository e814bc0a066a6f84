import Foundation
import HTTPServer

/// `GET /operator/feedback` and `POST /operator/feedback/{id}`: what readers wrote, each with a form to answer it.
struct ReaderMessagesPage: Sendable {
  let store: Store
  let page: ConsolePage
  let handle: HandleFeedback

  private struct Item {
    var id: Int64
    var kind: String
    var isMistake: Bool
    var message: String
    var date: String
    var email: String?
    var meeting: String?
    var meetingPath: String?
    var reply: String?
    var replyError: String?
  }

  func list(_ request: Request, _ caller: Caller) async throws -> Response {
    try await list(caller, after: CasesPage.place(request), done: try Done(request))
  }

  func answer(_ request: Request, _ change: AuditedChange) async throws -> Response {
    let id = Int64(request.parameter("id")) ?? 0
    let form = try ConsoleForm(request)
    let refusal = try await ConsoleRefusal.of(change, conflictsAt: "reply") {
      _ = try await handle.handle(id, form.json("reply", fixed: ["state": "handled"]), change)
    }
    guard let refusal else { return page.seeOther(Done.handled.path) }
    return try await list(change.caller, after: id - 1, .init(id: id, form: form, refusal: refusal))
  }

  private func list(
    _ caller: Caller,
    after: Int64,
    _ attempt: CasesPage.Attempt? = nil,
    done: Done? = nil
  ) async throws -> Response {
    let found = try await store.read { try Feedback.list(state: .open, after: after, limit: CasesPage.asked, $0) }
    return try CasesPage(page: page, part: .feedback)(found, id: \.id, for: caller, attempt, done: done, item)
  }

  private func item(_ feedback: Feedback, _ attempt: CasesPage.Attempt?) -> Item {
    let slugs = feedback.meeting?.split(separator: "/").map(String.init)
    return Item(
      id: feedback.id,
      kind: feedback.kind == .mistake ? "A mistake in a summary" : "A request or comment",
      isMistake: feedback.kind == .mistake,
      message: feedback.message,
      date: page.dates.dayAndTime(feedback.createdAt),
      email: feedback.email,
      meeting: feedback.meeting,
      meetingPath: slugs.map { "/councils/\($0.first ?? "")/meetings/\($0.last ?? "")" },
      reply: attempt?.form.text("reply"),
      replyError: attempt?.refusal.problems.first?.detail
    )
  }
}
