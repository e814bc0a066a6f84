import Foundation
import GRDB
import HTTPServer

/// `GET` and `POST /preferences/{token}`: what a reader gets, how much, a pause, their address and their data. The link in
/// their letters is all the authority there is: no account, no password.
struct Preferences: Sendable {
  let store: Store
  let site: Site
  let changeAddress: ChangeAddress

  private enum Action: String {
    case save, pause, resume
    case changeAddress = "change-address"
    case export
    /// The page asks once more.
    case askToErase = "ask-to-erase"
    case erase
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
      throw Refusal.invalid([
        FieldProblem("action", "Expected save, pause, resume, change-address, export or erase")
      ])
    }
    guard let subscriber = try await store.read({ try Subscriber.find(id: id, $0) }) else {
      return try await page(id, form, [])
    }
    switch action {
    case .export: return try await export(subscriber)
    case .askToErase:
      let view = EraseView(isSuppressed: subscriber.state == .suppressed, path: request.path)
      return try site.page("erase", view, title: "Delete everything about you?", visibility: .mailedLink)
    case .erase:
      _ = try await EraseSubscriber(store: store)(subscriber.id)
      return try erased()
    case .save, .pause, .resume, .changeAddress: break
    }
    guard subscriber.state == .active else { return try await page(id, form, []) }
    do {
      switch action {
      case .changeAddress: try await changeAddress(form.first("email") ?? "", for: subscriber.id, request)
      case .save: try await save(form, for: subscriber)
      case .pause: try await pause(until: form.first("until") ?? "", subscriber.id)
      case .resume: try await store.write { try PauseDigests.set(nil, for: subscriber.id, $0) }
      case .export, .askToErase, .erase: break
      }
    } catch Refusal.invalid(let problems) {
      return try await page(id, form, problems)
    }
    return site.seeOther("\(request.path)?done=\(action.rawValue)")
  }

  private func save(_ form: Form, for subscriber: Subscriber) async throws {
    try await checkQueries(form, for: subscriber.id)
    let now = store.now()
    try await store.write { database in
      // They may have left meanwhile, in another tab.
      guard try Subscriber.find(id: subscriber.id, database)?.state == .active else { return }
      let density = form.first("density").map(Subscriber.Density.init) ?? subscriber.density
      guard let density else { throw Refusal.invalid([FieldProblem("density", "Choose headlines, brief or full")]) }
      let words = form.all("query").filter { !$0.allSatisfy(\.isWhitespace) }.map { "query:\($0)" }
      let targets = try SavePreferences.targets(form.all("follow").filter { !$0.isEmpty } + words, database)
      try SavePreferences.save(targets, density: density, for: subscriber.id, now: now, database)
    }
  }

  private func pause(until text: String, _ id: Int64) async throws {
    switch PauseDigests.start(of: text, now: store.now(), in: site.identity.timeZone) {
    case .success(let date): try await store.write { try PauseDigests.set(date, for: id, $0) }
    case .failure(let problem): throw Refusal.invalid([problem])
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

  private func export(_ subscriber: Subscriber) async throws -> Response {
    let now = store.now()
    return try await store.read { try ReaderExport(subscriber, now: now, $0) }.response()
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
    guard let known = try await store.read({ try PreferencesView.Known(id, $0) }) else { return try erased() }
    guard known.subscriber.state == .active else {
      let isSuppressed = known.subscriber.state == .suppressed
      return try site.page(
        "preferences-left",
        ["isSuppressed": isSuppressed],
        title: isSuppressed ? "You get no letters" : "You are unsubscribed",
        visibility: .mailedLink
      )
    }
    let view = PreferencesView(
      known,
      form: form,
      problems: problems,
      done: done.flatMap { Self.confirmation(of: $0) },
      unsubscribe: "/unsubscribe/"
        + MailedLink(purpose: .unsubscribe, row: known.subscriber.id).token(store.keys, key: store.keys.current),
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

  private func erased() throws -> Response {
    try site.page("erased", (), title: "We hold nothing about you", visibility: .mailedLink)
  }

  private static func confirmation(of action: Action) -> String? {
    switch action {
    case .save: "Your choices are saved. They count from the next letter on."
    case .pause: "Your letters are paused. The first one from then on covers what you missed."
    case .resume: "Your letters go on. The next one covers what you missed."
    case .changeAddress:
      "We have sent a letter to the new address. Open it there within 7 days and press the button."
    case .export, .askToErase, .erase: nil
    }
  }
}

private struct EraseView {
  var isSuppressed: Bool
  var path: String
}
