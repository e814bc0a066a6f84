import HTTPServer
import HTTPTypes

/// The operator's console: pages and buttons for the holder of an API key, each with the role it needs. What a button does is
/// what the API does.
struct ConsoleRoutes: Sendable {
  let services: Services

  private var store: Store { services.store }
  private var page: ConsolePage { ConsolePage(site: services.site) }
  private var origin: OriginCheck { OriginCheck(identity: services.site.identity) }
  private var sessions: ConsoleSession {
    ConsoleSession(store: store, keys: services.apiKeys, isSecure: services.site.identity.isSecure)
  }

  var routes: [Route] { door + runs + digests + people }

  private var door: [Route] {
    let signIn = ConsoleSignIn(
      store: store,
      sessions: sessions,
      page: page,
      guesses: services.keyGuesses,
      proxies: services.configuration.trustedProxies,
      origin: origin,
      log: services.log
    )
    return [
      Route(.get, ConsoleSignIn.path, signIn.form),
      Route(.post, ConsoleSignIn.path, signIn.submit),
      Route(.post, "\(ConsoleSession.path)/sign-out", signIn.signOut),
    ]
  }

  private var runs: [Route] {
    let week = WeekPage(
      store: store,
      page: page,
      sender: services.sender,
      scheduler: services.scheduler,
      nextDigest: services.nextDigest,
      pace: services.queue.records.pace,
      backups: services.configuration.backupFolder,
      isBackedUpDaily: services.configuration.backupTime != nil
    )
    let control = RunControlPages(store: store, page: page, operate: services.operateDigestRuns)
    let letter = LetterPreviewPage(page: page, preview: services.previewDigest)
    return [
      show("", .reader, week.callAsFunction),
      show("/start", .operator, control.askToStart),
      change("/start", .operator, control.start),
      show("/runs/{id}/approve", .operator, control.askToApprove),
      show("/runs/{id}/cancel", .operator, control.askToCancel),
      show("/runs/{id}/letters/{subscriber}", .operator, letter.callAsFunction),
      show("/runs/{id}/letters/{subscriber}/html", .operator, letter.html),
    ] + ControlDigestRun.allCases.map { change("/runs/{id}/\($0.rawValue)", .operator, control.control($0)) }
  }

  private var digests: [Route] {
    let next = NextDigestPage(
      page: page,
      nextDigest: services.nextDigest,
      dryRun: services.dryRun
    )
    let hold = HoldPage(store: store, page: page, hold: services.hold, dryRun: services.dryRun)
    return [
      show("/next", .operator, next.ask),
      change("/next", .operator, next.work),
      show("/hold", .operator, hold.show),
      change("/hold", .operator, hold.apply),
      show("/figures", .reader, FiguresPage(store: store, page: page).callAsFunction),
    ]
  }

  private var people: [Route] {
    let requests = TopicRequestsPage(store: store, page: page, decide: services.decideTopicRequest)
    let feedback = ReaderMessagesPage(store: store, page: page, handle: services.handleFeedback)
    return [
      show("/requests", .operator, requests.list),
      change("/requests/{id}", .operator, requests.answer),
      show("/feedback", .operator, feedback.list),
      change("/feedback/{id}", .operator, feedback.answer),
      show("/audit", .operator, AuditPage(store: store, page: page).callAsFunction),
    ]
  }

  /// A page for keys of at least `role`.
  private func show(
    _ pattern: String,
    _ role: Role,
    _ action: @escaping @Sendable (Request, Caller) async throws -> Response
  ) -> Route {
    Route(.get, ConsoleSession.path + pattern) { [self] request in
      try await admitted(request, role) { try await action(request, $0) }
    }
  }

  /// A button that changes something.
  private func change(
    _ pattern: String,
    _ role: Role,
    _ action: @escaping @Sendable (Request, AuditedChange) async throws -> Response
  ) -> Route {
    let label = "POST \(ConsoleSession.path)\(pattern)"
    let accounted = AccountedAction(store: store, log: services.log)
    return Route(.post, ConsoleSession.path + pattern) { [self] request in
      try origin.check(request)
      return try await admitted(request, role) { try await accounted(request, by: $0, label, action) }
    }
  }

  /// Who is not signed in is led to the door. What is refused is said inside the console.
  private func admitted(
    _ request: Request,
    _ role: Role,
    _ action: @Sendable (Caller) async throws -> Response
  ) async throws -> Response {
    guard let caller = try await sessions.caller(of: request) else {
      let next = request.method == .post ? "" : "?next=\(percentEncoded(request.path))"
      return page.seeOther(ConsoleSignIn.path + next)
    }
    services.apiKeys.noteUse(by: caller)
    do {
      guard caller.role >= role else { throw Refusal.wrongRole(needed: role.rawValue) }
      return try await action(caller)
    } catch let refusal as Refusal {
      let (status, title, detail) = RefusalResponses.words(for: refusal)
      return try page.refusal(title, detail, for: caller, status: status)
    }
  }
}
