import Foundation
import Mail
import Testing

@testable import CouncilDigest

private func date(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }

@Suite struct AnnouncementTests {
  private func circumstances(
    starts: String = "2026-11-10T10:00:00Z",
    published: String? = nil,
    earlier: (String, String)? = nil,
    notify: Bool? = nil,
    now: String = "2026-11-20T10:00:00Z",
    lastRunEnd: String? = nil,
    days: Int = 45
  ) throws -> Announcement {
    Announcement(
      .init(
        startsAt: try date(starts),
        givenPublishedAt: try published.map(date),
        earlier: try earlier.map { (try date($0.0), try date($0.1)) },
        notify: notify,
        now: try date(now),
        lastRunEnd: try lastRunEnd.map(date),
        maximumAgeDays: days
      )
    )
  }

  @Test func `a summary is announced when it is published`() throws {
    let fresh = try circumstances()
    #expect(
      try fresh.publishedAt == (date("2026-11-20T10:00:00Z")) && fresh.announcedAt == fresh.publishedAt
        && fresh.isMailed
    )
    let dated = try circumstances(published: "2026-11-18T09:00:00Z", lastRunEnd: "2026-11-14T08:00:00Z")
    #expect(dated.announcedAt == (try date("2026-11-18T09:00:00Z")))
  }

  @Test func `what a run has closed over is announced when it arrived, never inside a closed window`() throws {
    let late = try circumstances(published: "2026-11-13T09:00:00Z", lastRunEnd: "2026-11-14T08:00:00Z")
    #expect(try late.publishedAt == date("2026-11-13T09:00:00Z"))
    #expect(try late.announcedAt == date("2026-11-20T10:00:00Z"))
    let race = try circumstances(now: "2026-11-20T10:00:00Z", lastRunEnd: "2026-11-20T10:00:00Z")
    #expect(race.announcedAt > (try date("2026-11-20T10:00:00Z")))
  }

  @Test func `it is announced once`() throws {
    let again = try circumstances(
      earlier: ("2026-11-13T09:00:00Z", "2026-11-13T09:00:00Z"),
      now: "2026-11-25T00:00:00Z",
      lastRunEnd: "2026-11-14T08:00:00Z"
    )
    #expect(try again.publishedAt == (date("2026-11-13T09:00:00Z")) && again.announcedAt == again.publishedAt)
    let moved = try circumstances(
      published: "2026-11-24T09:00:00Z",
      earlier: ("2026-11-13T09:00:00Z", "2026-11-13T09:00:00Z"),
      now: "2026-11-25T00:00:00Z",
      lastRunEnd: "2026-11-14T08:00:00Z"
    )
    #expect(try moved.announcedAt == (date("2026-11-13T09:00:00Z")))
  }

  @Test func `old meetings are archive, but for the operator's word`() throws {
    #expect(try circumstances(starts: "2026-10-06T10:00:00Z").isMailed)
    #expect(try !circumstances(starts: "2026-10-06T09:00:00Z").isMailed)
    #expect(try circumstances(starts: "2020-01-01T09:00:00Z", notify: true).isMailed)
    #expect(try !circumstances(notify: false).isMailed)
    #expect(try circumstances(starts: "2020-01-01T09:00:00Z", days: 0).isMailed)
  }
}

@Suite struct DeliveryTransitionTests {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)

  private func transition(_ outcome: SendOutcome, attempts: Int = 0, unread: Int = 0, left: TimeInterval = 432_000)
    -> DeliveryTransition
  {
    DeliveryTransition(
      outcome,
      .init(attempts: attempts, unreadReplies: unread, now: now, expiresAt: now.addingTimeInterval(left), jitter: 0.5)
    )
  }

  private let later = Reply(code: 450, status: "4.2.1", text: "later")

  @Test func `sent is sent, and a permanent refusal is final`() {
    #expect(transition(.sent) == .sent)
    let gone = Reply(code: 550, status: "5.1.1", text: "gone")
    #expect(transition(.refused(gone, isPermanent: true)) == .failed(gone))
  }

  @Test(arguments: [(0, 1.0), (1, 5), (2, 15), (3, 30), (4, 60), (5, 120), (6, 240), (20, 240)])
  func `a temporary refusal waits longer each time`(_ attempts: Int, _ minutes: Double) {
    #expect(
      transition(.refused(later, isPermanent: false), attempts: attempts)
        == .retry(at: now.addingTimeInterval(minutes * 60), attempts: attempts + 1, unreadReplies: 0, reply: later)
    )
  }

  @Test func `a letter nobody needs any more is given up`() {
    guard case .failed = transition(.refused(later, isPermanent: false), left: 30) else {
      Issue.record("expected failed")
      return
    }
  }

  @Test func `trouble of the relay costs no attempt`() {
    for outcome in [SendOutcome.relayTrouble("away"), .loginRefused("no")] {
      #expect(transition(outcome, attempts: 3) == .retry(at: now, attempts: 3, unreadReplies: 0, reply: nil))
    }
  }

  @Test func `an unread reply is tried once more, then reported`() {
    #expect(
      transition(.uncertain("x")) == .retry(at: now.addingTimeInterval(60), attempts: 0, unreadReplies: 1, reply: nil)
    )
    #expect(transition(.uncertain("x"), unread: 1) == .uncertain("x"))
  }
}

@Suite struct RelayBreakerTests {
  @Test func `trouble stops everyone, one letter probes, success opens`() {
    let breaker = RelayBreaker()
    let start = Date(timeIntervalSince1970: 1_800_000_000)
    #expect(breaker.permission(at: start) == .go)
    #expect(breaker.failed("away", needsPerson: false, at: start))
    #expect(!breaker.failed("away", needsPerson: false, at: start))
    guard case .wait = breaker.permission(at: start.addingTimeInterval(9)) else {
      Issue.record("expected a wait")
      return
    }
    let probe = start.addingTimeInterval(10)
    #expect(breaker.permission(at: probe) == .go)
    #expect(breaker.permission(at: probe) != .go)
    _ = breaker.failed("away", needsPerson: false, at: probe)
    #expect(breaker.trouble?.nextProbe == probe.addingTimeInterval(30))
    #expect(breaker.trouble?.since == start)
    #expect(breaker.permission(at: probe.addingTimeInterval(30)) == .go)
    #expect(breaker.succeeded())
    #expect(breaker.trouble == nil && breaker.permission(at: probe) == .go)
  }
}

@Suite struct EditionPlanTests {
  private let wychford = Council(id: 1, slug: "wychford", details: CouncilDetails(name: "Wychford"))
  private let marlbeck = Council(id: 2, slug: "marlbeck", details: CouncilDetails(name: "Marlbeck"))
  private let roads = Committee(id: 10, slug: "roads", name: "Roads")
  private let start = Date(timeIntervalSince1970: 0)
  private let end = Date(timeIntervalSince1970: 1_000)

  private func candidate(_ revision: Int64, council: Int64 = 1, committee: Int64 = 10, at seconds: TimeInterval = 500)
    -> EditionPlan.Candidate
  {
    .init(
      revision: revision,
      council: council,
      committee: committee,
      startsAt: start,
      announcedAt: Date(timeIntervalSince1970: seconds)
    )
  }

  private func content(
    _ follows: [FollowTarget],
    _ candidates: [EditionPlan.Candidate],
    quiet: Bool = true,
    from: Date? = nil
  ) -> EditionContent? {
    EditionPlan(
      week: "2026-W48",
      end: end,
      candidates: Dictionary(grouping: candidates, by: \.council),
      sittings: [:],
      mailsQuietWeeks: quiet
    ).content(for: .init(windowStart: from ?? start, density: .brief, follows: follows))
  }

  @Test func `windows exclude their start and include their end`() {
    let content = content(
      [FollowTarget(council: wychford)],
      [candidate(1, at: 200), candidate(2, at: 200.001), candidate(3, at: 1_000), candidate(4, at: 1_000.001)],
      from: Date(timeIntervalSince1970: 200)
    )
    #expect(content?.sections[0].items.map(\.revision) == [2, 3])
  }

  @Test func `an item that matches twice appears once with both reasons`() {
    let follows = [FollowTarget(council: wychford), FollowTarget(council: wychford, committee: roads)]
    let content = content(follows, [candidate(1)])
    #expect(content?.sections.count == 1)
    #expect(content?.sections[0].items == [.init(revision: 1, reasons: ["Wychford", "Roads, Wychford"])])
  }

  @Test func `a committee's follower gets nothing of the others`() {
    let content = content(
      [FollowTarget(council: wychford, committee: roads)],
      [candidate(1, committee: 11), candidate(2)]
    )
    #expect(content?.sections[0].items.map(\.revision) == [2])
  }

  @Test func `with nothing to say there is a note or no letter, never a blank one`() {
    #expect(content([FollowTarget(council: marlbeck)], [candidate(1)])?.sections[0].quiet == .noMeetings)
    #expect(content([FollowTarget(council: marlbeck)], [candidate(1)], quiet: false) == nil)
    #expect(content([], [candidate(1)]) == nil)
  }

  @Test func `equal contents have equal keys, and any difference another`() throws {
    let one = try #require(content([FollowTarget(council: wychford)], [candidate(1)]))
    let two = try #require(content([FollowTarget(council: wychford)], [candidate(1)]))
    var other = two
    other.density = .full
    #expect(EditionContent.key(of: try one.encoded()) == EditionContent.key(of: try two.encoded()))
    #expect(EditionContent.key(of: try one.encoded()) != EditionContent.key(of: try other.encoded()))
  }
}

@Suite struct SlugTests {
  @Test(arguments: [
    ("Children and Families Panel", "children-and-families-panel"),
    ("Children's Services & Health", "childrens-services-health"),
    ("Pwyllgor Iechyd – Tŷ’r Cyngor", "pwyllgor-iechyd-tyr-cyngor"), ("  Cabinet  ", "cabinet"),
    ("Area 51/2", "area-51-2"),
  ])
  func `a name becomes lower-case words with hyphens`(_ name: String, _ slug: String) {
    #expect(Slug(naming: name)?.description == slug)
  }

  @Test func `what is not a slug is refused`() {
    for text in ["", "-", "a--b", "-a", "a-", "A", "a b", "a/b", "é", String(repeating: "a", count: 121)] {
      #expect(Slug(text) == nil)
    }
    #expect(Slug(naming: "日本") == nil)
  }
}

@Suite struct RFC3339Tests {
  @Test(arguments: [
    ("2025-09-30T14:00:00+01:00", "2025-09-30T13:00:00Z"), ("2024-02-29t23:59:59z", "2024-02-29T23:59:59Z"),
    ("2025-01-01T00:00:00-05:30", "2025-01-01T05:30:00Z"), ("2025-01-01T00:00:00.25Z", "2025-01-01T00:00:00Z"),
  ])
  func `times are read with their offset`(_ text: String, _ expected: String) throws {
    #expect(RFC3339(text).map { RFC3339.format($0.date) } == expected)
  }

  @Test(arguments: [
    "2026-02-30T14:00:00Z", "2026-04-31T10:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T14:60:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-01", "2026-01-01T10:00Z", "2026-01-01T10:00:00", "2026-01-01 10:00:00Z", "0001-01-01T00:00:00Z",
    "２026-01-01T00:00:00Z",
    "2026-01-01T00:00:00+25:00", "",
  ])
  func `impossible times are refused`(_ text: String) {
    #expect(RFC3339(text) == nil)
  }
}

@Suite struct ReadableDateTests {
  @Test(arguments: [
    ("2025-09-30T13:00:00Z", "Tuesday 30 September 2025, 2pm"),
    ("2026-01-01T12:00:00Z", "Thursday 1 January 2026, midday"),
    ("2026-01-01T00:00:00Z", "Thursday 1 January 2026, midnight"),
    ("2026-01-01T00:05:00Z", "Thursday 1 January 2026, 12:05am"),
    ("2026-03-29T01:00:00Z", "Sunday 29 March 2026, 2am"),
  ])
  func `dates read as people write them`(_ text: String, _ expected: String) throws {
    #expect(ReadableDate(try #require(TimeZone(identifier: "Europe/London"))).dayAndTime(try date(text)) == expected)
  }
}

@Suite struct ConfigurationTests {
  private func load(_ yaml: String?, _ environment: [String: String] = [:]) throws -> Configuration {
    try Configuration(ConfigurationValues(file: yaml, fileName: "test.yaml", environment: environment))
  }

  @Test func `with nothing said it runs on loopback with a Maildir`() throws {
    let configuration = try load(nil)
    #expect(configuration.site.publicURL == "http://127.0.0.1:8080" && configuration.mail.way == .maildir("data/mail"))
    #expect(configuration.schedule.weekday == .saturday && configuration.schedule.hour == 8)
  }

  @Test func `the environment wins, and off and false are the same`() throws {
    let yaml =
      "mail:\n  transport: smtp\n  smtp:\n    tls: off\n    port: 25\nhttp:\n  trusted_proxies: [127.0.0.1, \"::1\"]\n"
    for text in ["off", "false", "no"] {
      let configuration = try load(
        yaml.replacing("tls: off", with: "tls: \(text)"),
        ["COUNCIL_DIGEST_MAIL_SMTP_PORT": "2525"]
      )
      guard case .smtp(let settings) = configuration.mail.way else {
        Issue.record("expected smtp")
        return
      }
      #expect(settings.tls == .off && settings.port == 2525)
      #expect(configuration.trustedProxies == ["127.0.0.1", "::1"])
    }
  }

  @Test(arguments: [
    ("nonsense: 1", "nonsense"), ("http:\n  port: eighty", "http.port"), ("http: 5", "http"),
    ("http:\n  port: [1]", "http.port"),
    ("mail:\n  smtp:\n    tls: sometimes", "mail.smtp.tls"), ("- a", "test.yaml"), ("a: [", "test.yaml"),
    ("mail:\n  transport: smtp\n  smtp:\n    tls: off\n    username: me", "mail.smtp.tls"),
    ("site:\n  time_zone: Mars/Base", "site.time_zone"),
  ])
  func `what is wrong is named`(_ yaml: String, _ key: String) {
    #expect { try load(yaml) } throws: { error in (error as? ConfigurationProblem)?.key == key }
  }

  @Test func `the sample is read back as the defaults`() throws {
    #expect(try load(ConfigurationSample.yaml) == (try load(nil)))
  }
}

@Suite struct HostCheckTests {
  @Test(arguments: [
    ("digest.example", true), ("DIGEST.example:443", true), ("digest.example:80", false), ("localhost:8080", true),
    ("[::1]:8080", true),
    ("127.0.0.1:8080", true), ("127.0.0.1", false), ("evil.example", false), ("", true),
  ])
  func `only our names are answered`(_ authority: String, _ expected: Bool) {
    let check = HostCheck(publicURL: "https://digest.example", port: 8080)
    #expect(check.isOurs(.init(method: .get, path: "/", authority: authority)) == expected)
  }
}
