import Foundation
import GRDB
import HTTPServer
import Mail

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
    let query = try QueryString(request)
    return try await page(form: Form([(name: "query", value: query.first("query") ?? "")]), problems: [])
  }

  func submit(_ request: Request) async throws -> Response {
    try origin.check(request)
    var input = try FormInput(request)
    if let trap = input.form.first("website"), !trap.isEmpty { return done(nil) }
    do {
      let wish = try await wish(&input)
      let letter = try Self.confirmationLetter(letters)
      try await store.write { database in
        try admission.admit(request, database)
        try take(wish, letter, database)
      }
      mailQueued()
      return done(wish.suggestion)
    } catch Refusal.invalid(let problems) {
      return try await page(form: input.form, problems: problems)
    }
  }

  /// A form that can be acted on.
  private struct Wish: Sendable {
    var email: EmailAddress
    var words: String
    var query: String?
    var councils: [Council]
    /// What the service would look for.
    var suggestion: TopicQuery?
  }

  /// - Throws: `Refusal.invalid` with every problem.
  private func wish(_ input: inout FormInput) async throws -> Wish {
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
    } else if !query.isEmpty {
      do { _ = try TopicQuery(parsing: query) } catch { input.refuse("query", error.description) }
    }
    let councils = try await councils(&input)
    guard input.problems.isEmpty, let email, let words else { throw Refusal.invalid(input.problems) }
    var wish = Wish(email: email, words: words, query: query.isEmpty ? nil : query, councils: councils)
    wish.suggestion = try await suggestion(wish)
    return wish
  }

  /// The query they wrote, or one made of their words; at the councils they chose.
  private func suggestion(_ wish: Wish) async throws -> TopicQuery? {
    let now = store.now()
    let found = try await store.read { database -> TopicQuery? in
      let typed = try wish.query.map { try TopicQuery(parsing: $0) }
      return try (typed ?? SuggestQuery.suggest(wish.words, now: now, database))?.ofCurrentCouncils(database)
    }
    guard let found, !wish.councils.isEmpty else { return found }
    let councils = wish.councils.map { TopicQuery.Clause.council($0.slug) }
    var group = found.root
    group.required.append(councils.count == 1 ? councils[0] : .any(councils))
    // With very many councils the query has no room for them.
    return (try? TopicQuery(parsing: TopicQuery(group).description)) ?? found
  }

  private func councils(_ input: inout FormInput) async throws -> [Council] {
    let slugs = Set(input.form.all("council").filter { !$0.isEmpty }).sorted()
    guard slugs.count <= Self.maximumCouncils else {
      input.refuse("council", "Choose at most \(Self.maximumCouncils) councils")
      return []
    }
    let councils = try await store.read { database in try slugs.map { try Council.findCurrent($0, database) } }
    for (slug, council) in zip(slugs, councils) where council == nil {
      input.refuse("council", "There is no council “\(slug)”")
    }
    // One that went into another may be chosen beside it.
    return councils.compactMap(\.self).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private func take(_ wish: Wish, _ letter: LetterBody, _ database: Database) throws {
    let now = store.now()
    guard try admission.mayMail(.topicRequest, to: wish.email, now: now, database) else { return }
    let id = try TopicRequest.insert(
      email: wish.email,
      request: wish.words,
      query: wish.query,
      suggestion: wish.suggestion?.description,
      councils: wish.councils,
      now: now,
      database
    )
    try OutgoingMail.queue(
      .topicRequest,
      to: wish.email,
      body: letter,
      referenceID: id,
      key: store.keys.current,
      now: now,
      database
    )
  }

  /// The page that shows what would be looked for; it never depends on the address.
  private func done(_ suggestion: TopicQuery?) -> Response {
    site.seeOther(
      "/topics/request/check-your-email" + (suggestion.map { "?q=\(percentEncoded($0.description))" } ?? "")
    )
  }

  static func confirmationLetter(_ letters: LetterFrame) throws -> LetterBody {
    try letters.body(
      "topic-request",
      .init(
        subject: "Confirm your topic request",
        preheader: "One click sends your request to the people who can act on it.",
        reason: "Someone, probably you, entered this address on our topic request form."
      ),
      ["link": LetterBody.Slot.confirm.marker, "site": letters.site.name]
    )
  }

  private func page(form: Form, problems: [FieldProblem]) async throws -> Response {
    let councils = try await store.read { try Council.list(limit: 1_000, $0) }
    let chosen = Set(form.all("council"))
    let view = TopicRequestView(
      email: form.first("email"),
      request: form.first("request"),
      query: form.first("query"),
      councils: councils.map { Choice(value: $0.slug, name: $0.name, isChosen: chosen.contains($0.slug)) },
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
  var email: String?
  var request: String?
  var query: String?
  var councils: [Choice]
  var errors: FormErrors?
}
