import Foundation
import GRDB
import HTTPServer
import HTTPTypes
import Mail

/// `POST /subscribe`: takes a sign-up and mails a confirmation. The answer is the same whether the address is known or
/// not; a known one that has nothing to confirm hears that it already follows what it asked for.
struct Subscribe: Sendable {
  let store: Store
  let site: Site
  let letters: SubscriptionLetters
  let admission: SignupAdmission
  let mailQueued: @Sendable () -> Void

  func callAsFunction(_ request: Request) async throws -> Response {
    let form = try SignupForm(request)
    guard form.website.isEmpty else { return done(form) }
    let address = form.address()
    do {
      if !form.queries.isEmpty {
        let now = store.now()
        let problems = try await store.read { try form.broadQueries(now: now, $0) }
        guard problems.isEmpty else { throw Refusal.invalid(problems) }
      }
      try await store.write { database in
        let signup = try form.checked(address, database)
        try admission.admit(request, database)
        try take(signup, database)
      }
    } catch Refusal.invalid(let problems) where !form.isJSON {
      return try await page(form, problems)
    }
    mailQueued()
    return done(form)
  }

  /// `GET /subscribe`: the box as a page, for any number of councils.
  func form(_ request: Request) async throws -> Response {
    let query = try QueryString(request)
    let form = Form(["council", "topic", "query"].flatMap { name in query.all(name).map { (name: name, value: $0) } })
    return try await page(SignupForm(form: form), [])
  }

  /// `GET /subscribe/check-your-email`.
  func checkYourEmail(_ request: Request) async throws -> Response {
    try site.page("check-your-email", (), title: "Check your email", visibility: .onlyYou)
  }

  private func take(_ signup: SignupForm.Signup, _ database: Database) throws {
    let now = store.now()
    guard try admission.mayMail(.confirmation, to: signup.email, now: now, database) else { return }
    var signup = signup
    for query in signup.queries {
      let target = try FollowTarget.findOrInsert(query, database)
      if !signup.targets.contains(target) { signup.targets.append(target) }
    }
    let subscriber = try Subscriber.findOrInsert(signup.email, now: now, database)
    let isActive = subscriber.state == .active
    // Who is not active follows nothing.
    let followed = isActive ? try FollowTarget.fetch(subscriber: subscriber.id, database).map(\.key) : []
    let wanted = signup.targets.filter { !followed.contains($0.key) }
    guard !isActive || !wanted.isEmpty else {
      return try OutgoingMail.queue(
        .alreadyFollowing,
        to: signup.email,
        body: try letters.alreadyFollowing(signup.targets),
        subscriberID: subscriber.id,
        key: store.keys.current,
        now: now,
        database
      )
    }
    let targets = isActive ? wanted : signup.targets
    let consent = try Consent(
      scope: targets.map(\.name).joined(separator: "; "),
      source: signup.source,
      density: signup.density
    ).insert(of: subscriber.id, now: now, database)
    for target in targets { try target.follow(subscriber.id, consent: consent, database) }
    try OutgoingMail.queue(
      .confirmation,
      to: signup.email,
      body: try letters.confirmation(targets),
      subscriberID: subscriber.id,
      referenceID: consent,
      key: store.keys.current,
      now: now,
      database
    )
  }

  private func done(_ form: SignupForm) -> Response {
    guard form.isJSON else { return site.seeOther("/subscribe/check-your-email") }
    var response = Response(status: .accepted, fields: [.contentType: "application/json", .cacheControl: "no-store"])
    response.body = Array(#"{"detail": "Check your email: we sent a link to confirm."}"#.utf8) + [0x0A]
    return response
  }

  private func page(_ form: SignupForm, _ problems: [FieldProblem]) async throws -> Response {
    let (chosen, councils, topics) = try await store.read { database in
      (
        try form.councils.compactMap { try FollowTarget.find(council: $0, database) },
        try Council.list(limit: 1_000, database), try Topic.list(limit: Topic.maximumCount, database)
      )
    }
    let view = SubscribeView(
      email: form.email.isEmpty ? nil : form.email,
      committees: chosen.compactMap { target in
        guard case .committee = target else { return nil }
        return Choice(value: target.field.value, name: target.name, isChosen: true)
      },
      councils: councils.map { Choice(value: $0.slug, name: $0.name, isChosen: chosen.contains(.council($0))) },
      topics: topics.map { Choice(value: $0.slug, name: $0.name, isChosen: form.topics.contains($0.slug)) },
      hasTopics: !topics.isEmpty,
      query: form.queries.first,
      moreQueries: Array(form.queries.dropFirst()),
      isHeadlines: form.density == "headlines",
      isBrief: !["headlines", "full"].contains(form.density),
      isFull: form.density == "full",
      errors: FormErrors(problems)
    )
    let title = "Get a weekly summary"
    return try site.page(
      "subscribe",
      view,
      title: problems.isEmpty ? title : "Error: \(title)",
      status: problems.isEmpty ? .ok : .unprocessableContent,
      visibility: .onlyYou
    )
  }
}

private struct SubscribeView {
  var email: String?
  var committees: [Choice]
  var councils: [Choice]
  var topics: [Choice]
  var hasTopics: Bool
  var query: String?
  var moreQueries: [String]
  var isHeadlines: Bool
  var isBrief: Bool
  var isFull: Bool
  var errors: FormErrors?
}
