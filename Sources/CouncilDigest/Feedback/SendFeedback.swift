import Foundation
import HTTPServer
import Logging
import Mail

/// `GET` and `POST /feedback`: a comment, or a mistake in a summary.
struct SendFeedback: Sendable {
  let store: Store
  let site: Site
  let admission: SignupAdmission
  let origin: OriginCheck
  let notices: OperatorNotices
  let log: Logger
  let mailQueued: @Sendable () -> Void

  func form(_ request: Request) async throws -> Response {
    let query = try QueryString(request)
    let fields = ["meeting", "kind"].compactMap { name in query.first(name).map { (name: name, value: $0) } }
    return try await page(form: Form(fields), problems: [])
  }

  func submit(_ request: Request) async throws -> Response {
    try origin.check(request)
    var input = try FormInput(request)
    do {
      if let trap = input.form.first("website"), !trap.isEmpty { return done }
      let message = input.text("message", maximum: Feedback.maximumCharacters, missing: "Write your message")
      let email = input.form.first("email").map { $0.isEmpty } ?? true ? nil : input.email("email")
      let kind = kind(&input)
      let meeting = try await meeting(&input)
      try input.stopIfInvalid()
      guard let message, let kind else { return done }
      let now = store.now()
      try await store.write { [admission, notices] database in
        try admission.admit(request, database)
        try Feedback.insert(kind: kind, message: message, email: email, meeting: meeting, now: now, database)
        try notices.queue(.feedback(kind, message), database)
      }
      log.notice("feedback.received", metadata: ["kind": "\(kind.rawValue)"])
      mailQueued()
      return done
    } catch Refusal.invalid(let problems) {
      return try await page(form: input.form, problems: problems)
    }
  }

  /// `GET /feedback/thank-you`.
  func thankYou(_ request: Request) async throws -> Response {
    try site.page("feedback-sent", (), title: "Thank you", visibility: .onlyYou)
  }

  private var done: Response { site.seeOther("/feedback/thank-you") }

  private func kind(_ input: inout FormInput) -> Feedback.Kind? {
    guard let text = input.form.first("kind"), !text.isEmpty else { return .comment }
    guard let kind = Feedback.Kind(rawValue: text) else {
      input.refuse("kind", "Choose a comment or a mistake")
      return nil
    }
    return kind
  }

  private func meeting(_ input: inout FormInput) async throws -> Int64? {
    guard let text = input.form.first("meeting"), !text.isEmpty else { return nil }
    guard let found = try await find(text) else {
      input.refuse("meeting", "There is no such meeting")
      return nil
    }
    return found.id
  }

  /// A meeting by `council/meeting`.
  private func find(_ reference: String) async throws -> Meeting? {
    try await store.read { try Meeting.find(reference: reference, $0) }
  }

  private func page(form: Form, problems: [FieldProblem]) async throws -> Response {
    let meeting = try await find(form.first("meeting") ?? "")
    let dates = ReadableDate(site.identity.timeZone)
    let view = FeedbackView(
      email: form.first("email"),
      message: form.first("message"),
      isMistake: form.first("kind") == "mistake",
      meeting: meeting.map {
        .init(
          reference: "\($0.councilSlug)/\($0.slug)",
          title: $0.content.committee,
          date: dates.day($0.content.start),
          path: $0.path
        )
      },
      errors: FormErrors(problems)
    )
    let title = meeting == nil ? "Send us a comment" : "Report a mistake in this summary"
    return try site.page(
      "feedback",
      view,
      title: problems.isEmpty ? title : "Error: \(title)",
      status: problems.isEmpty ? .ok : .unprocessableContent,
      visibility: .onlyYou
    )
  }
}

extension OperatorNotice {
  /// Somebody used the form.
  fileprivate static func feedback(_ kind: Feedback.Kind, _ message: String) -> OperatorNotice {
    OperatorNotice(
      subject: kind == .mistake ? "Somebody reports a mistake in a summary" : "Somebody sent a comment",
      sentences: [
        "They wrote:", message, "GET /api/v1/feedback?state=open has what they added, and all that is open.",
      ],
      isFromPublic: true
    )
  }
}

private struct FeedbackView {
  struct MeetingReference {
    var reference: String
    var title: String
    var date: String
    var path: String
  }

  var email: String?
  var message: String?
  var isMistake: Bool
  var meeting: MeetingReference?
  var errors: FormErrors?
}
