import Foundation
import HTTPServer
import HTTPTypes

/// Every address of the service, in one table.
struct RouteTable: Sendable {
  let services: Services

  var routes: [Route] {
    pages + actions + readers + machinePages + api + services.site.assets.routes + demo
  }

  var store: Store { services.store }
  var site: Site { services.site }
  private var cache: PageCache { services.site.cache }
  var origin: OriginCheck { OriginCheck(identity: services.site.identity) }
  var mailQueued: @Sendable () -> Void { { [sender = services.sender] in sender.wake() } }

  private var lab: QueryLabPage { QueryLabPage(store: store, site: site, usual: services.usualWords) }

  /// What everyone sees alike.
  private var pages: [Route] {
    let councils = CouncilPages(store: store, site: site)
    let meeting = MeetingPage(store: store, site: site)
    let topics = TopicPages(store: store, site: site)
    let topicFeeds = TopicFeeds(store: store, site: site)
    let search = SearchPage(store: store, site: site)
    let feeds = CouncilFeeds(store: store, site: site)
    let fixed = FixedPages(site: site)
    return [
      page("/", HomePage(store: store, site: site).callAsFunction),
      page("/councils", readsQuery: true, councils.list),
      page("/councils/{council}", councils.council),
      page("/councils/{council}/feed.atom", feeds.councilFeed),
      page("/councils/{council}/calendar.ics", feeds.councilCalendar),
      page("/councils/{council}/committees/{committee}", councils.committee),
      page("/councils/{council}/committees/{committee}/feed.atom", feeds.committeeFeed),
      page("/councils/{council}/committees/{committee}/calendar.ics", feeds.committeeCalendar),
      page("/councils/{council}/meetings/{meeting}", meeting.callAsFunction),
      page("/councils/{council}/meetings/{meeting}/calendar.ics", meeting.calendar),
      Route(.get, "/digests/{edition}", EditionPage(store: store, site: site).callAsFunction),
      page("/topics", topics.list),
      page("/topics/{topic}", topics.topic),
      page("/topics/{topic}/feed.atom", topicFeeds.feed),
      page("/topics/{topic}/calendar.ics", topicFeeds.calendar),
      page("/search", readsQuery: true, search.callAsFunction),
      page("/search.atom", readsQuery: true, search.feed),
      page("/query", readsQuery: true, lab.callAsFunction),
      page("/about", fixed.page("about", title: "About")),
      page("/privacy", fixed.page("privacy", title: "Privacy")),
      page("/accessibility", fixed.page("accessibility", title: "Accessibility")),
    ]
  }

  /// What people do.
  private var actions: [Route] {
    let subscribe = Subscribe(
      store: store,
      site: site,
      letters: SubscriptionLetters(frame: services.letters),
      admission: services.admission,
      mailQueued: mailQueued
    )
    let topic = RequestTopic(
      store: store,
      site: site,
      letters: services.letters,
      admission: services.admission,
      origin: origin,
      mailQueued: mailQueued
    )
    let feedback = SendFeedback(
      store: store,
      site: site,
      admission: services.admission,
      origin: origin,
      notices: services.notices,
      log: services.log,
      mailQueued: mailQueued
    )
    return [
      Route(.get, "/subscribe", subscribe.form),
      Route(.post, "/subscribe", subscribe.callAsFunction),
      Route(.get, "/subscribe/check-your-email", subscribe.checkYourEmail),
      Route(.get, "/topics/request", topic.form),
      Route(.post, "/topics/request", topic.submit),
      Route(.get, "/topics/request/check-your-email", TopicRequestPage(site: site, lab: lab).callAsFunction),
      Route(.get, "/feedback", feedback.form),
      Route(.post, "/feedback", feedback.submit),
      Route(.get, "/feedback/thank-you", feedback.thankYou),
    ]
  }

  private var machinePages: [Route] {
    let readiness = Readiness(
      store: store,
      sender: services.sender,
      scheduler: services.scheduler,
      queue: services.queue
    )
    let hidden = ["/confirm/", "/unsubscribe/", "/preferences/", "/address-change/", "/sign-in", "/digests/", "/operator", "/api/"]
    let robots =
      "User-agent: *\n" + hidden.map { "Disallow: \($0)\n" }.joined()
      + "\nSitemap: \(site.identity.link("/sitemap.xml"))\n"
    let siteMap = SiteMapPages(store: store, site: site)
    let expires = RFC3339.format(store.now().addingTimeInterval(365 * 86_400))
    let contact = "Contact: mailto:\(site.identity.contactEmail)\nExpires: \(expires)\nPreferred-Languages: en\n"
    return [
      Route(.get, "/healthz", readiness.alive),
      Route(.get, "/readyz", readiness.ready),
      page("/sitemap.xml", siteMap.index),
      page("/sitemaps/{part}", siteMap.part),
      fixed("/robots.txt", "text/plain; charset=utf-8", Data(robots.utf8)),
      fixed("/.well-known/security.txt", "text/plain; charset=utf-8", Data(contact.utf8)),
      fixed("/api/openapi.json", "application/json", OpenAPI.document(for: site.identity)),
    ]
  }

  private var api: [Route] {
    let council = CouncilAPI(store: store, cache: cache)
    let meeting = MeetingAPI(store: store, cache: cache)
    let topic = TopicAPI(store: store, cache: cache)
    let importLines = ImportLines(
      store: store,
      cache: cache,
      putMeeting: services.putMeeting,
      catchUpTopics: services.catchUpTopics,
      log: services.log
    )
    let subscribers = SubscriberAPI(store: store)
    let personalData = SubscriberDataAPI(store: store)
    let keys = APIKeyAPI(keys: services.apiKeys)
    let runs = DigestRunAPI(
      store: store,
      timeZone: site.identity.timeZone,
      dryRun: services.dryRun,
      pace: services.queue.records.pace,
      runStarted: { [scheduler = services.scheduler] in scheduler.wake() },
      mailQueued: mailQueued
    )
    let test = SendTestDigest(
      store: store,
      timeZone: site.identity.timeZone,
      editions: services.queue.editions,
      mailQueued: mailQueued
    )
    let hold = HoldAPI(store: store, dryRun: services.dryRun, mailQueued: mailQueued)
    let explain = ExplainDigest(store: store, timeZone: site.identity.timeZone)
    let bounces = BounceAPI(
      store: store,
      letters: services.receiveBounce.letters,
      receiveBounce: services.receiveBounce
    )
    let preview = PreviewDigest(
      store: store,
      schedule: services.configuration.schedule,
      mailsQuietWeeks: services.configuration.mailsQuietWeeks,
      assembly: services.queue.assembly,
      editions: services.queue.editions,
      signer: services.signer
    )
    let decideTopicRequest = DecideTopicRequest(
      store: store,
      letters: services.letters,
      log: services.log,
      mailQueued: mailQueued
    )
    let councilPath = "/councils/{council}"
    let meetingPath = "/councils/{council}/meetings/{meeting}"
    return [
      call(.get, "/councils", .reader, council.list),
      call(.get, councilPath, .reader, council.get),
      call(.put, councilPath, .editor, PutCouncil(store: store, cache: cache).callAsFunction),
      call(.delete, councilPath, .editor, council.delete),
      call(.get, "/councils/{council}/meetings", .reader, meeting.list),
      call(.get, meetingPath, .reader) { request, role in try await meeting.get(request, for: role) },
      call(.put, meetingPath, .editor, bodyLimit: PutMeeting.bodyLimit, services.putMeeting.callAsFunction),
      call(.delete, meetingPath, .editor, meeting.delete),
      call(.get, "/topics", .reader, topic.list),
      call(.get, "/topics/{topic}", .reader, topic.get),
      call(
        .put,
        "/topics/{topic}",
        .editor,
        PutTopic(store: store, cache: cache, catchUp: services.catchUpTopics).callAsFunction
      ),
      call(.delete, "/topics/{topic}", .editor, topic.delete),
      call(.post, "/import", .editor, bodyLimit: ImportLines.bodyLimit, spoolsBody: true, importLines.callAsFunction),
      call(.get, "/topic-requests", .operator, TopicRequestAPI(store: store).list),
      call(.patch, "/topic-requests/{id}", .operator, decideTopicRequest.callAsFunction),
      call(.get, "/feedback", .operator, FeedbackAPI(store: store).list),
      call(.get, "/subscribers", .operator, subscribers.list),
      call(.get, "/subscribers/{id}", .operator, subscribers.get),
      call(.patch, "/subscribers/{id}", .operator, subscribers.change),
      call(.delete, "/subscribers/{id}", .operator, personalData.erase),
      call(
        .post,
        "/subscribers/import",
        .operator,
        bodyLimit: ImportSubscribers.bodyLimit,
        spoolsBody: true,
        ImportSubscribers(store: store, log: services.log).callAsFunction
      ),
      call(.get, "/subscribers/{id}/export", .operator, personalData.export),
      call(.post, "/digest-runs", .operator, runs.create),
      call(.get, "/digest-runs", .reader, runs.list),
      call(.get, "/digest-runs/{id}", .reader, runs.get),
      call(.get, "/digest-runs/{id}/preview", .operator, preview.callAsFunction),
      call(.post, "/digest-runs/test", .operator, test.callAsFunction),
      call(.get, "/hold", .operator, hold.get),
      call(.post, "/hold", .operator, hold.post),
      call(.get, "/explain", .operator, explain.callAsFunction),
      call(.post, "/bounces", .operator, bodyLimit: BounceAPI.bodyLimit, bounces.callAsFunction),
      call(.get, "/api-keys", .operator, keys.list),
      call(.post, "/api-keys", .operator, keys.create),
      call(.delete, "/api-keys/{id}", .operator, keys.revoke),
    ]
      + ControlDigestRun.allCases.map { control in
        call(.post, "/digest-runs/{id}/\(control.rawValue)", .operator, runs.control(control))
      }
  }

  private var demo: [Route] {
    guard site.isDemo, case .maildir(let folder) = services.configuration.mail.way else { return [] }
    let mailbox = DemoMailbox(site: site, folder: URL(filePath: folder).appending(path: "new"))
    return [
      Route(.get, "/demo/mailbox", mailbox.list),
      Route(.get, "/demo/mailbox/{letter}", mailbox.letter),
      Route(.get, "/demo/mailbox/{letter}/html", mailbox.html),
    ]
  }

  /// A public page, kept once rendered.
  private func page(_ pattern: String, readsQuery: Bool = false, _ action: @escaping Route.Action) -> Route {
    Route(.get, pattern, cache.caching(action, label: pattern, readsQuery: readsQuery))
  }

  /// A call of the API, for keys of at least `role`.
  private func call(
    _ method: HTTPRequest.Method,
    _ pattern: String,
    _ role: Role,
    bodyLimit: Int = 1_048_576,
    spoolsBody: Bool = false,
    _ action: @escaping Route.Action
  ) -> Route {
    call(method, pattern, role, bodyLimit: bodyLimit, spoolsBody: spoolsBody) { request, _ in
      try await action(request)
    }
  }

  /// As above, for an action whose answer depends on the role of the key.
  private func call(
    _ method: HTTPRequest.Method,
    _ pattern: String,
    _ role: Role,
    bodyLimit: Int = 1_048_576,
    spoolsBody: Bool = false,
    _ action: @escaping @Sendable (Request, Role) async throws -> Response
  ) -> Route {
    let held = { @Sendable [keys = services.apiKeys] (request: Request) throws -> Role in
      guard let held = keys.role(of: request.fields[.authorization], from: request.peer) else { throw Refusal.noKey }
      guard held >= role else { throw Refusal.wrongRole(needed: role.rawValue) }
      return held
    }
    return Route(
      method,
      APIKeys.path + pattern,
      bodyLimit: bodyLimit,
      spoolsBody: spoolsBody,
      permit: { _ = try held($0) }
    ) { try await action($0, held($0)) }
  }

  private func fixed(_ pattern: String, _ type: String, _ content: Data) -> Route {
    let response = site.document([UInt8](content), type)
    return page(pattern) { _ in response }
  }
}
