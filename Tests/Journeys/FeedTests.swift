import Foundation
import TestSupport
import Testing

/// Feeds and calendars as other people's programs read them.
@Suite struct FeedTests {
  private func service() async throws -> RunningService {
    let service = try await RunningService(["site.name": "Anytown <Digest> & Co"])
    let council = ["name": "Wychford <b>Council</b>", "short_name": "Wychford & Vale", "time_zone": "Europe/London"]
    _ = try await service.api("PUT", "/councils/w", council)
    return service
  }

  private func put(_ service: RunningService, _ slug: String, days: Double, _ more: [String: Any] = [:]) async throws {
    let meeting: [String: Any] = [
      "committee": "Cabinet", "starts_at": Date().addingTimeInterval(days * 86_400).formatted(.iso8601),
    ]
    let answer = try await service.api("PUT", "/councils/w/meetings/\(slug)", meeting.merging(more) { $1 })
    #expect(answer.status < 300, "\(answer.text)")
  }

  private func atom(_ service: RunningService, _ path: String = "/councils/w") async throws -> [String: Any] {
    let answer = try await service.client.get("\(path)/feed.atom")
    #expect(answer.status == 200 && answer.field("content-type") == "application/atom+xml; charset=utf-8")
    return try await FeedReader.atom(answer.body)
  }

  private func calendar(_ service: RunningService, _ path: String = "/councils/w") async throws -> [String: Any] {
    let answer = try await service.client.get("\(path)/calendar.ics")
    #expect(answer.status == 200 && answer.field("content-type") == "text/calendar; charset=utf-8")
    return try await FeedReader.calendar(answer.body)
  }

  private func entries(_ feed: [String: Any]) throws -> [[String: Any]] {
    try #require(feed["entries"] as? [[String: Any]])
  }

  /// By their slugs.
  private func events(_ calendar: [String: Any]) throws -> [String: [String: Any]] {
    let events = try #require(calendar["events"] as? [[String: Any]])
    return Dictionary(
      uniqueKeysWithValues: try events.map { event in
        (String(try #require(event["UID"] as? String).prefix { $0 != "." }), event)
      }
    )
  }

  @Test func `the feed has the newest meetings with a summary, whole and with topics`() async throws {
    let service = try await service()
    _ = try await service.api("PUT", "/topics/send", ["name": "SEND & schools", "query": "assessments"])
    try await put(service, "none", days: -1)
    try await put(service, "old", days: -9, ["summary": "Older.", "published_at": "2025-01-02T03:04:05Z"])
    _ = try await service.api("PUT", "/councils/w/meetings/large", Samples.meeting(daysAgo: 3))
    let feed = try await atom(service)
    let address = "http://127.0.0.1:\(service.port)/councils/w"
    #expect(feed["id"] as? String == "\(address)/feed.atom")
    #expect(feed["title"] as? String == "Wychford <b>Council</b> – Anytown <Digest> & Co")
    #expect(feed["links"] as? [String: String] == ["self": "\(address)/feed.atom", "alternate": address])
    let entries = try entries(feed)
    #expect(entries.map { $0["id"] as? String } == ["\(address)/meetings/large", "\(address)/meetings/old"])
    #expect(feed["updated"] as? String == entries.compactMap { $0["updated"] as? String }.max())
    #expect(entries[1]["published"] as? String == "2025-01-02T03:04:05Z")
    #expect((entries[1]["updated"] as? String ?? "") > "2026", "it was written now")
    #expect(entries[0]["tags"] as? [[String]] == [["send", "SEND & schools"]])
    #expect((entries[0]["title"] as? String)?.hasSuffix(" – Wychford & Vale") == true)
    #expect((entries[0]["summary"] as? String)?.hasPrefix("The panel met to look at the SEND plan") == true)
    let content = try #require(entries[0]["content"] as? String)
    #expect(content.contains("<h3>SEND Local Area Partnership</h3>") && !content.contains("xylophone"))
    #expect(!content.contains("<b>no raw"))
  }

  @Test func `in a feed every link is whole and leads to its place, and no two ids clash`() async throws {
    let service = try await service()
    for slug in ["a", "b"] { try await put(service, slug, days: -1, ["summary": Samples.summary]) }
    for entry in try entries(try await atom(service)) {
      let content = try #require(entry["content"] as? String)
      #expect(!content.contains(" id="))
      let links = content.matches(of: /href="([^"]*)"/).map { String($0.1) }
      #expect(links.count == 4)
      let permalink = try #require(entry["id"] as? String)
      let path = try #require(URL(string: permalink)?.path)
      let page = try await service.client.get(path).text
      for link in links {
        let parts = link.split(separator: "#")
        #expect(parts.count == 2 && parts[0] == permalink && page.contains("id=\"\(parts[1])\""), "\(link)")
      }
    }
  }

  @Test func `a calendar tells what comes, changes and is cancelled`() async throws {
    let service = try await service()
    try await put(service, "soon", days: 10, ["location": "County Hall, Room 2; north"])
    try await put(service, "past", days: -80, ["summary": "Agreed **all**.[^1]\n\n[^1]: Nearly."])
    for (slug, days) in [("gone", -91.0), ("far", 401.0)] { try await put(service, slug, days: days) }
    let first = try await calendar(service)
    #expect(first["X-WR-CALNAME"] as? String == "Wychford <b>Council</b>")
    #expect(first["NAME"] as? String == first["X-WR-CALNAME"] as? String)
    #expect(first["REFRESH-INTERVAL"] as? String == "PT12H" && first["X-PUBLISHED-TTL"] as? String == "PT12H")
    let before = try events(first)
    #expect(Set(before.keys) == ["soon", "past"])
    #expect(before["soon"]?["LOCATION"] as? String == "County Hall, Room 2; north")
    #expect(before["soon"]?["SEQUENCE"] as? Int == 0 && before["soon"]?["STATUS"] as? String == "CONFIRMED")
    let page = "http://127.0.0.1:\(service.port)/councils/w/meetings/past"
    #expect(
      before["past"]?["DESCRIPTION"] as? String == "Agreed all.\n\n\(page)" && before["past"]?["URL"] as? String == page
    )

    let changed: [String: Any] = ["starts_at": Date().addingTimeInterval(12 * 86_400).formatted(.iso8601)]
    try await put(service, "soon", days: 12, changed)
    try await put(service, "soon", days: 12, changed)
    try await put(service, "soon", days: 12, changed.merging(["status": "cancelled"]) { $1 })
    let after = try #require(try events(try await calendar(service))["soon"])
    #expect(after["SEQUENCE"] as? Int == 2, "what is put twice changes nothing")
    #expect(after["STATUS"] as? String == "CANCELLED")
    #expect(after["SUMMARY"] as? String == "Cancelled: Cabinet – Wychford & Vale")
    #expect(
      after["UID"] as? String == before["soon"]?["UID"] as? String && after["UID"] as? String == "soon.w@127.0.0.1"
    )
    #expect(after["LAST-MODIFIED"] as? String == after["DTSTAMP"] as? String)

    // In British summer time, with an end.
    try await put(
      service,
      "summer",
      days: 0,
      ["starts_at": "2026-03-29T14:00:00+01:00", "ends_at": "2026-03-29T15:30:00+01:00"]
    )
    let file = try events(try await calendar(service, "/councils/w/meetings/summer"))
    #expect(file["summer"]?["DTSTART"] as? String == "2026-03-29T13:00:00+00:00")
    #expect(file["summer"]?["DTEND"] as? String == "2026-03-29T14:30:00+00:00")
  }

  @Test func `a committee has a feed and a calendar of its own`() async throws {
    let service = try await service()
    try await put(service, "a", days: -1, ["summary": "Text."])
    try await put(service, "b", days: -1, ["summary": "Text.", "committee": "Planning"])
    let path = "/councils/w/committees/planning"
    #expect(try entries(try await atom(service, path)).count == 1)
    #expect(Set(try events(try await calendar(service, path)).keys) == ["b"])
    #expect(try await calendar(service, path)["NAME"] as? String == "Planning, Wychford <b>Council</b>")
  }

  @Test func `hostile meetings do no harm in either`() async throws {
    let service = try await service()
    let hostile = "</content>]]><script>alert(1)</script>&\r\nEND:VEVENT\r\n\u{200F}🏛️👩‍👩‍👧‍👦 "
    try await put(
      service,
      "hostile",
      days: -1,
      [
        "committee": "]]></title><b> & ;,\\d \u{200F}👩‍👩‍👧‍👦", "location": "END:VCALENDAR\\d;,\u{2028}X:1",
        "summary": hostile + String(repeating: "é🙂]]>", count: 5_000),
      ]
    )
    try await put(service, "calm", days: -2, ["summary": "Calm."])
    let entries = try entries(try await atom(service))
    #expect(entries.count == 2 && entries[1]["summary"] as? String == "Calm.")
    #expect((entries[0]["title"] as? String)?.hasPrefix("]]></title><b> & ;,\\d \u{200F}👩‍👩‍👧‍👦, ") == true)
    let content = try #require(entries[0]["content"] as? String)
    #expect(content.contains("🏛️👩‍👩‍👧‍👦") && !content.contains("<script"))
    let events = try events(try await calendar(service))
    #expect(Set(events.keys) == ["hostile", "calm"])
    #expect(events["hostile"]?["SUMMARY"] as? String == "]]></title><b> & ;,\\d \u{200F}👩‍👩‍👧‍👦 – Wychford & Vale")
    #expect(events["hostile"]?["LOCATION"] as? String == "END:VCALENDAR\\d;,\nX:1")
    for field in ["committee", "location"] {
      let refused = try await service.api(
        "PUT",
        "/councils/w/meetings/x",
        ["committee": "C", "starts_at": "2026-01-01T00:00:00Z"].merging([field: "a\r\nb\u{0}"]) { $1 }
      )
      #expect(refused.status == 422)
    }
  }

  @Test func `feeds are cached as pages are, and dropped as they are`() async throws {
    let service = try await service()
    try await put(service, "a", days: 1)
    for path in ["feed.atom", "calendar.ics", "committees/cabinet/feed.atom", "meetings/a/calendar.ics"] {
      let first = try await service.client.get("/councils/w/\(path)")
      #expect(first.status == 200 && first.field("cache-control") == "public, max-age=60", "\(path)")
      let tag = try #require(first.field("etag"))
      #expect(!tag.hasPrefix("W/"))
      let again = try await service.client.get("/councils/w/\(path)", headers: ["If-None-Match": tag])
      #expect(again.status == 304 && again.body.isEmpty)
      #expect(try await service.client.send("HEAD", "/councils/w/\(path)").status == 200)
    }
    #expect(try entries(try await atom(service)).isEmpty)
    try await put(service, "a", days: 1, ["summary": "Text."])
    #expect(try entries(try await atom(service)).count == 1)
    #expect(try events(try await calendar(service))["a"]?["SEQUENCE"] as? Int == 1)
    for path in [
      "/councils/x/feed.atom", "/councils/x/calendar.ics", "/councils/w/committees/x/feed.atom",
      "/councils/w/committees/x/calendar.ics", "/councils/w/meetings/x/calendar.ics", "/councils/w/feed.rss",
    ] {
      #expect(try await service.client.get(path).status == 404, "\(path)")
    }
  }

  @Test func `pages lead to their feeds, and a meeting to come into a calendar`() async throws {
    let service = try await service()
    try await put(service, "soon", days: 2)
    try await put(service, "off", days: 3, ["status": "cancelled"])
    try await put(service, "past", days: -2)
    for path in ["/councils/w", "/councils/w/committees/cabinet"] {
      let page = try await service.client.get(path).text
      #expect(page.contains(#"<link rel="alternate" type="application/atom+xml" title="Summaries: "#))
      #expect(page.contains(#"href="\#(path)/feed.atom">Feed</a>"#), "\(path)")
      #expect(page.contains(#"href="\#(path)/calendar.ics">Add to calendar</a>"#), "\(path)")
    }
    for (slug, isOffered) in [("soon", true), ("off", false), ("past", false)] {
      let page = try await service.client.get("/councils/w/meetings/\(slug)").text
      #expect(page.contains("/meetings/\(slug)/calendar.ics\">Add to calendar</a>") == isOffered, "\(slug)")
    }
  }
}
