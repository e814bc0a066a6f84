import Foundation
import GRDB
import HTTPServer

/// `GET` and `POST /topics/request`: a person asks, in their own words, for updates on a topic across councils. The
/// address is confirmed by letter before the request is shown to anyone.
struct RequestTopic: Sendable {
  let store: Store
  let site: Site
  let letters: LetterFrame
  let admission: SignupAdmission
  let origin: OriginCheck
  let mailQueued: @Sendable () -> Void

  private static let maximumCouncils = 100

  func form(_ request: Request) async throws -> Response {
    try await page(form: Form(), problems: [])
  }

  func submit(_ request: Request) async throws -> Response {
    try origin.check(request)
    var input = try FormInput(request)
    do {
      if let trap = input.form.first("website"), !trap.isEmpty { return done }
      let email = input.email("email")
      let words = input.text(
        "request",
        maximum: TopicRequest.maximumCharacters,
        missing: "Tell us what you would like to hear about"
      )
      let query = PlainText.normalized(input.form.first("query") ?? "")
      if query.count > TopicRequest.maximumQueryCharacters {
        input.refuse("query", "Shorten this to \(TopicRequest.maximumQueryCharacters) characters")
      } else if !PlainText.isSingleLine(query) {
        input.refuse("query", "Use one line without control characters")
      }
      let slugs = Set(input.form.all("council").filter { !$0.isEmpty }).sorted()
      if slugs.count > Self.maximumCouncils {
        input.refuse("council", "Choose at most \(Self.maximumCouncils) councils")
      }
      let councils = try await store.read { database in
        try slugs.prefix(Self.maximumCouncils).map { try Council.find($0, database) }
      }
      for (slug, council) in zip(slugs, councils) where council == nil {
        input.refuse("council", "There is no council “\(slug)”")
      }
      try input.stopIfInvalid()
      guard let email, let words else { return done }
      let letter = try confirmationLetter
      let now = store.now()
      try await store.write { [store, admission] database in
        try admission.admit(request, database)
        guard try admission.mayMail(email, now: now, database) else { return }
        let id = try TopicRequest.insert(
          email: email,
          request: words,
          query: query.isEmpty ? nil : query,
          councils: councils.compactMap(\.self),
          now: now,
          database
        )
        try OutgoingMail.queue(
          .topicRequest,
          to: email,
          body: letter,
          referenceID: id,
          key: store.keys.current,
          now: now,
          database
        )
      }
      mailQueued()
      return done
    } catch Refusal.invalid(let problems) {
      return try await page(form: input.form, problems: problems)
    }
  }

  /// `GET /topics/request/check-your-email`.
  func checkYourEmail(_ request: Request) async throws -> Response {
    try site.page("topic-request-sent", (), title: "Check your email", visibility: .onlyYou)
  }

  private var done: Response { site.seeOther("/topics/request/check-your-email") }

  private var confirmationLetter: LetterBody {
    get throws {
      let context = ["link": LetterBody.Slot.confirm.marker, "site": site.identity.name]
      return try letters.body(
        "topic-request",
        .init(
          subject: "Confirm your topic request",
          preheader: "One click sends your request to the people who can act on it.",
          reason: "Someone, probably you, entered this address on our topic request form."
        ),
        context
      )
    }
  }

  private func page(form: Form, problems: [FieldProblem]) async throws -> Response {
    let councils = try await store.read { try Council.list(limit: 1_000, $0) }
    let chosen = Set(form.all("council"))
    let view = TopicRequestView(
      email: form.first("email"),
      request: form.first("request"),
      query: form.first("query"),
      councils: councils.map { .init(slug: $0.slug, name: $0.name, isChosen: chosen.contains($0.slug)) },
      errors: FormErrors(problems)
    )
    return try site.page(
      "topic-request",
      view,
      title: problems.isEmpty ? "Ask for a topic" : "Error: Ask for a topic",
      status: problems.isEmpty ? .ok : .unprocessableContent,
      visibility: .onlyYou
    )
  }
}

private struct TopicRequestView {
  struct Choice {
    var slug: String
    var name: String
    var isChosen: Bool
  }

  var email: String?
  var request: String?
  var query: String?
  var councils: [Choice]
  var errors: FormErrors?
}
