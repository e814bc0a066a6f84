import Foundation
import HTTPServer

/// `GET /operator/requests` and `POST /operator/requests/{id}`: what people ask to be told of, each with a form to accept it
/// and one to decline it.
struct TopicRequestsPage: Sendable {
  let store: Store
  let page: ConsolePage
  let decide: DecideTopicRequest

  private static let accept = "accept"
  private static let decline = "decline"

  private struct Item {
    var id: Int64
    var words: String
    var email: String
    var date: String
    var councils: String?
    var own: String?
    var suggestion: String?
    /// What the suggestion finds.
    var reach: String?
    var labPath: String?
    var query: String
    var acceptReply: String?
    var reply: String?
    var queryError: String?
    var acceptError: String?
    var replyError: String?
    var isDeclining: Bool
  }

  func list(_ request: Request, _ caller: Caller) async throws -> Response {
    try await list(caller, after: CasesPage.place(request), done: try Done(request))
  }

  func answer(_ request: Request, _ change: AuditedChange) async throws -> Response {
    let id = Int64(request.parameter("id")) ?? 0
    let form = try ConsoleForm(request)
    let isDecline = form.text("state") == "declined"
    let refusal = try await ConsoleRefusal.of(change, conflictsAt: isDecline ? "reply" : "query") {
      let input = isDecline ? try form.json("state", "reply") : try form.json("state", "query", "reply")
      _ = try await decide.decide(about: id, input, change)
    }
    guard let refusal else { return page.seeOther((isDecline ? Done.declined : .accepted).path) }
    let formName = isDecline ? Self.decline : Self.accept
    // With the one that it is about, wherever that stands.
    return try await list(
      change.caller,
      after: id - 1,
      .init(id: id, form: form, refusal: refusal, formName: formName)
    )
  }

  private func list(
    _ caller: Caller,
    after: Int64,
    _ attempt: CasesPage.Attempt? = nil,
    done: Done? = nil
  ) async throws -> Response {
    let now = store.now()
    let found = try await store.read { database in
      try TopicRequest.list(state: .open, after: after, limit: CasesPage.asked, database)
        .map { try TopicRequestItem($0, now: now, database) }
    }
    return try CasesPage(page: page, part: .requests)(found, id: \.id, for: caller, attempt, done: done, item)
  }

  private func item(_ request: TopicRequestItem, _ attempt: CasesPage.Attempt?) -> Item {
    let suggestion = request.suggestion
    let accept = attempt?.formName == Self.accept ? attempt : nil
    let decline = attempt?.formName == Self.decline ? attempt : nil
    let query = accept?.form.text("query") ?? suggestion?.query ?? request.query ?? ""
    return Item(
      id: request.id,
      words: request.request,
      email: request.email,
      date: page.dates.dayAndTime(request.confirmedAt ?? request.createdAt),
      councils: request.councils.isEmpty ? nil : request.councils.joined(separator: ", "),
      own: request.query,
      suggestion: suggestion?.query,
      reach: suggestion.map { suggestion in
        let found = suggestion.meetings.counted("meeting")
        return "\(found) in the last twelve months"
          + (suggestion.isTooBroad ? ": too many for a person to follow by themselves" : "")
      },
      labPath: query.isEmpty ? nil : QueryLabView.path(of: query),
      query: query,
      acceptReply: accept?.form.text("reply"),
      reply: decline?.form.text("reply"),
      queryError: accept?.refusal.problem(at: "query"),
      acceptError: accept?.refusal.problem(at: "reply"),
      replyError: decline?.refusal.problem(at: "reply"),
      isDeclining: decline != nil
    )
  }
}
