import Foundation
import GRDB
import HTTPServer

/// `GET` and `POST /preferences/{token}`: what a reader gets, how much, and a pause. The link in their letters is all the
/// authority there is: no account, no password.
struct Preferences: Sendable {
  let store: Store
  let site: Site

  private enum Action: String {
    case save, pause, resume
  }

  func show(_ request: Request) async throws -> Response {
    let id = try subscriber(of: request)
    let done = try QueryString(request).first("done").flatMap(Action.init)
    return try await page(id, Form(), [], done: done)
  }

  func change(_ request: Request) async throws -> Response {
    let id = try subscriber(of: request)
    let form = try FormInput(request).form
    guard let action = form.first("action").flatMap(Action.init) else {
      throw Refusal.invalid([FieldProblem("action", "Expected save, pause or resume")])
    }
    do {
      guard try await perform(action, form, for: id) else { return try await page(id, form, []) }
    } catch Refusal.invalid(let problems) {
      return try await page(id, form, problems)
    }
    return site.seeOther("\(request.path)?done=\(action.rawValue)")
  }

  /// - Returns: false when the subscriber is not active any more.
  private func perform(_ action: Action, _ form: Form, for id: Int64) async throws -> Bool {
    let now = store.now()
    if action == .save { try await checkQueries(form, for: id) }
    return try await store.write { [zone = site.identity.timeZone] database in
      guard let subscriber = try Subscriber.find(id: id, database), subscriber.state == .active else { return false }
      switch action {
      case .save:
        let density = form.first("density").map(Subscriber.Density.init) ?? subscriber.density
        guard let density else { throw Refusal.invalid([FieldProblem("density", "Choose headlines, brief or full")]) }
        let words = form.all("query").filter { !$0.allSatisfy(\.isWhitespace) }.map { "query:\($0)" }
        let targets = try SavePreferences.targets(form.all("follow").filter { !$0.isEmpty } + words, database)
        try SavePreferences.save(targets, density: density, for: id, now: now, database)
      case .pause:
        let start = PauseDigests.start(of: form.first("until") ?? "", now: now, in: zone)
        do { try PauseDigests.set(start.get(), for: id, database) } catch let problem as FieldProblem {
          throw Refusal.invalid([problem])
        }
      case .resume: try PauseDigests.set(nil, for: id, database)
      }
      return true
    }
  }

  /// What is new must be something that can be followed. Found out before the writer is asked: it takes a moment.
  private func checkQueries(_ form: Form, for id: Int64) async throws {
    let now = store.now()
    let typed =
      form.all("query") + form.all("follow").filter { $0.hasPrefix("query:") }.map { String($0.dropFirst(6)) }
    let problems = try await store.read { database in
      let followed = try FollowTarget.fetch(subscriber: id, database).map(\.field.value)
      return try typed.prefix(SavePreferences.maximumQueries + 1).compactMap { text -> FieldProblem? in
        guard let query = try? TopicQuery(parsing: PlainText.normalized(text)), !followed.contains(query.description)
        else { return nil }
        return try query.problemOfFollowing(now: now, database).map { FieldProblem("query", $0) }
      }
    }
    guard problems.isEmpty else { throw Refusal.invalid(problems) }
  }

  private func subscriber(of request: Request) throws -> Int64 {
    switch MailedLink.read(request.parameter("token"), for: .preferences, store.keys, now: store.now()) {
    case .valid(let row), .expired(let row): return row
    case .unknown:
      throw Refusal.notFound("This link is not complete. Open it from the letter again, or copy all of it")
    }
  }

  private func page(
    _ id: Int64,
    _ form: Form,
    _ problems: [FieldProblem],
    done: Action? = nil
  ) async throws -> Response {
    guard id != MailedLink.nobody else {
      return try site.page("test-link", (), title: "A test letter", visibility: .mailedLink)
    }
    let known = try await store.read { database in
      (
        try Subscriber.find(id: id, database), try FollowTarget.fetch(subscriber: id, database),
        try Council.list(limit: 1_000, database), try Topic.list(limit: Topic.maximumCount, database)
      )
    }
    guard let subscriber = known.0, subscriber.state == .active else {
      return try site.page("unsubscribed", (), title: "You are unsubscribed", visibility: .mailedLink)
    }
    let view = PreferencesView(
      subscriber,
      follows: known.1,
      councils: known.2,
      topics: known.3,
      form: form,
      problems: problems,
      done: done.map { Self.confirmation(of: $0) },
      unsubscribe: "/unsubscribe/"
        + MailedLink(purpose: .unsubscribe, row: id).token(store.keys, key: store.keys.current),
      now: store.now(),
      dates: ReadableDate(site.identity.timeZone)
    )
    return try site.page(
      "preferences",
      view,
      title: problems.isEmpty ? "What you get" : "Error: What you get",
      status: problems.isEmpty ? .ok : .unprocessableContent,
      visibility: .mailedLink
    )
  }

  private static func confirmation(of action: Action) -> String {
    switch action {
    case .save: "Your choices are saved. They count from the next letter on."
    case .pause: "Your letters are paused. The first one from then on covers what you missed."
    case .resume: "Your letters go on. The next one covers what you missed."
    }
  }
}

private struct PreferencesView {
  struct Choice {
    var value: String
    var name: String
    var isChosen: Bool
  }

  var follows: [Choice]
  var councils: [Choice]
  var topics: [Choice]
  var hasMoreCouncils: Bool
  var hasMoreTopics: Bool
  var query: String?
  var isHeadlines: Bool
  var isBrief: Bool
  var isFull: Bool
  var pausedUntil: String?
  var until: String?
  var done: String?
  var unsubscribe: String
  var errors: FormErrors?

  init(
    _ subscriber: Subscriber,
    follows targets: [FollowTarget],
    councils all: [Council],
    topics: [Topic],
    form: Form,
    problems: [FieldProblem],
    done: String?,
    unsubscribe: String,
    now: Date,
    dates: ReadableDate
  ) {
    // What was typed is kept, beside what is wrong with it.
    let chosen = form.first("action") == "save" ? Set(form.all("follow")) : nil
    let followed = Set(targets.map(\.reference))
    follows = targets.map { target in
      Choice(value: target.reference, name: target.name, isChosen: chosen?.contains(target.reference) ?? true)
    }
    councils = all.map { Choice(value: "council:\($0.slug)", name: $0.name, isChosen: false) }
      .filter { !followed.contains($0.value) }
      .map { Choice(value: $0.value, name: $0.name, isChosen: chosen?.contains($0.value) ?? false) }
    self.topics = topics.map { Choice(value: "topic:\($0.slug)", name: $0.name, isChosen: false) }
      .filter { !followed.contains($0.value) }
      .map { Choice(value: $0.value, name: $0.name, isChosen: chosen?.contains($0.value) ?? false) }
    hasMoreCouncils = !councils.isEmpty
    hasMoreTopics = !self.topics.isEmpty
    query = form.first("query")
    let density = form.first("density") ?? subscriber.density.rawValue
    isHeadlines = density == "headlines"
    isBrief = density == "brief"
    isFull = density == "full"
    pausedUntil = subscriber.isPaused(at: now) ? subscriber.pausedUntil.map(dates.day) : nil
    until = form.first("until")
    self.done = done
    self.unsubscribe = unsubscribe
    errors = FormErrors(problems)
  }
}
