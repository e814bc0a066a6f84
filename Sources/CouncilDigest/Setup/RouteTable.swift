import Foundation
import HTTPServer
import HTTPTypes

/// Every address of the service, in one table.
struct RouteTable: Sendable {
  let services: Services

  var routes: [Route] {
    pages + actions + readers + machinePages + APIRoutes(services: services).routes
      + ConsoleRoutes(services: services).routes + services.site.assets.routes + demo
  }

  var store: Store { services.store }
  var site: Site { services.site }
  private var cache: PageCache { services.site.cache }
  var origin: OriginCheck { OriginCheck(identity: services.site.identity) }
  var mailQueued: @Sendable () -> Void { services.mailQueued }

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
      nextDigest: services.nextDigest,
      queue: services.queue
    )
    let hidden = [
      "/confirm/", "/unsubscribe/", "/preferences/", "/address-change/", "/sign-in", "/digests/", "/operator", "/api/",
    ]
    let metrics = Metrics(
      store: store,
      cache: cache,
      requests: services.requestMeters,
      letters: services.sender.meters,
      isMailInTrouble: { [sender = services.sender] in sender.breaker.trouble != nil },
      isTrusted: { [keys = services.apiKeys] request in
        keys.caller(of: request.fields[.authorization], from: request.peer) != nil || request.isOfThisMachine
      }
    )
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
      Route(.get, "/metrics", metrics.callAsFunction),
      fixed("/robots.txt", "text/plain; charset=utf-8", Data(robots.utf8)),
      fixed("/.well-known/security.txt", "text/plain; charset=utf-8", Data(contact.utf8)),
      fixed("/api/openapi.json", "application/json", OpenAPI.document(for: site.identity)),
    ]
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

  private func fixed(_ pattern: String, _ type: String, _ content: Data) -> Route {
    let response = site.document([UInt8](content), type)
    return page(pattern) { _ in response }
  }
}
