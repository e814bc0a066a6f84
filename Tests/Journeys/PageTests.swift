import Foundation
import TestSupport
import Testing

/// The council's and the meeting's page, point by point as the page of the service this one follows.
@Suite struct PageTests {
  @Test func `the meeting page shows all of a large meeting`() async throws {
    let service = try await RunningService()
    _ = try await service.api("PUT", "/councils/worcestershire", Samples.council)
    var meeting = Samples.meeting()
    meeting["starts_at"] = "2025-09-30T14:00:00+01:00"
    let put = try await service.api("PUT", "/councils/worcestershire/meetings/2025-09-30", meeting)
    let item = try put.object()
    #expect(item["committee_slug"] as? String == "children-and-families-overview-and-scrutiny-panel")
    #expect(item["starts_at"] as? String == "2025-09-30T14:00:00+01:00")
    #expect((item["topics"] as? [Any])?.isEmpty == true)

    let page = try await service.client.get("/councils/worcestershire/meetings/2025-09-30").text
    for part in [
      "<h1>Children and Families Overview and Scrutiny Panel", "Tuesday 30 September 2025, 2pm", "County Hall",
      #"href="https://www.worcestershire.example/meeting" rel="noopener">View on council website"#,
      #"href="https://video.example/watch?v=1&amp;t=2" rel="noopener">Watch video of meeting"#,
      "professional subscription required", #"<a href="/councils/worcestershire">"#,
      ##"<h3 id="summary-send-local-area-partnership"><a class="heading-link" href="#summary-send-local-area-partnership">SEND Local Area Partnership</a></h3>"##,
      "<strong>Waiting times:</strong>", ##"href="#summary-fn-1""##, ##"href="#summary-fnref-1""##,
      "Councillor Number 20",
      "Member of panel 20", "No topics have been identified for this meeting yet.", "<h3>Reports pack</h3>",
      "<h3>Additional documents</h3>", "Late papers &amp; letters", #"action="/subscribe""#,
      #"name="council" value="worcestershire""#, "topic across all councils", "mailto:", #"href="/feedback"#,
      ##"href="#summary-budget-monitoring-2025-26""##,
    ] {
      #expect(page.contains(part), "\(part)")
    }
    #expect(!page.contains("xylophone"), "the transcript is for professional readers")
    #expect(!page.contains("<b>no raw"))
  }

  @Test func `the council page lists upcoming, recent, cancelled and committees`() async throws {
    let service = try await RunningService()
    _ = try await service.api("PUT", "/councils/worcestershire", Samples.council)
    _ = try await service.api("PUT", "/councils/worcestershire/meetings/a", Samples.meeting())
    var upcoming = Samples.meeting(daysAgo: -5, committee: "Cabinet & Co’s")
    upcoming["status"] = "cancelled"
    upcoming["summary"] = nil
    _ = try await service.api("PUT", "/councils/worcestershire/meetings/b", upcoming)
    let page = try await service.client.get("/councils/worcestershire").text
    for part in [
      "<h1>Worcestershire County Council</h1>", "Upcoming meetings", "Recent meetings", "Cancelled",
      "Cabinet &amp; Co’s",
      #"href="/councils/worcestershire/committees/cabinet-cos""#, #"action="/subscribe""#,
    ] {
      #expect(page.contains(part), "\(part)")
    }
    let committee = try await service.client.get("/councils/worcestershire/committees/cabinet-cos")
    #expect(committee.status == 200 && committee.text.contains(#"value="worcestershire/cabinet-cos""#))
    #expect(try await service.client.get("/councils?filter=worc").text.contains("Worcestershire County Council"))
    #expect(try await service.client.get("/councils?filter=zzz").text.contains("No council has"))
  }

  @Test func `a transcript is refused with a page that says how to get it`() async throws {
    let service = try await RunningService()
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting())
    let answer = try await service.client.get("/councils/w/meetings/a/transcript")
    #expect(answer.status == 403 && answer.text.contains("professional") && !answer.text.contains("xylophone"))
    let made = try await service.api("POST", "/api-keys", ["name": "r", "role": "reader"]).object()
    let reader = try #require(made["secret"] as? String)
    let path = "/api/v1/councils/w/meetings/a"
    let seen = try await service.client.get(path, headers: ["Authorization": "Bearer \(reader)"])
    #expect(seen.status == 200 && !seen.text.contains("xylophone"))
    #expect(
      try await service.api("GET", "/councils/w/meetings/a").text.contains("xylophone"),
      "editors get back what they put"
    )
  }

  @Test func `public pages are cached until their content changes`() async throws {
    let service = try await RunningService()
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    let first = try await service.client.get("/councils/w")
    let tag = try #require(first.field("etag"))
    #expect(first.field("cache-control") == "public, max-age=60")
    let again = try await service.client.get("/councils/w", headers: ["If-None-Match": tag])
    #expect(again.status == 304 && again.body.isEmpty && again.field("etag") == tag)
    _ = try await service.api("PUT", "/councils/w", ["name": "Renamed Council"])
    let changed = try await service.client.get("/councils/w", headers: ["If-None-Match": tag])
    #expect(changed.status == 200 && changed.text.contains("Renamed Council"))
  }

  @Test func `every answer carries the security headers`() async throws {
    let service = try await RunningService()
    for path in ["/", "/nowhere", "/healthz", "/api/v1/councils", "/confirm/x"] {
      let answer = try await service.client.get(path)
      #expect(answer.field("content-security-policy")?.contains("default-src 'none'") == true, "\(path)")
      #expect(answer.field("content-security-policy")?.contains("unsafe-inline") == false, "\(path)")
      #expect(answer.field("x-content-type-options") == "nosniff" && answer.field("referrer-policy") != nil, "\(path)")
      #expect(answer.field("set-cookie") == nil)
    }
  }

  @Test func `a page under another name is refused, but for the machines' pages`() async throws {
    let service = try await RunningService()
    #expect(try await service.client.get("/", headers: ["Host": "evil.example"]).status == 421)
    #expect(try await service.client.get("/healthz", headers: ["Host": "10.0.0.1"]).status == 200)
    #expect(try await service.client.get("/", headers: ["Host": "localhost:\(service.port)"]).status == 200)
  }

  @Test func `every link of every page leads somewhere`() async throws {
    let service = try await RunningService()
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting())
    var waiting = ["/"]
    var seen = Set(waiting)
    while let path = waiting.popLast() {
      let page = try await service.client.get(path)
      #expect(page.status == 200 || path.hasSuffix("/transcript"), "\(path): \(page.status)")
      guard page.field("content-type")?.hasPrefix("text/html") == true else { continue }
      for match in page.text.matches(of: /(?:href|src|action)="(\/[^"#]*)[^"]*"/) {
        let link = String(match.1).replacing("&amp;", with: "&")
        if seen.insert(link).inserted { waiting.append(link) }
      }
      for match in page.text.matches(of: /href="#([^"]+)"/) {
        #expect(page.text.contains("id=\"\(match.1)\""), "\(path)#\(match.1)")
      }
    }
    #expect(seen.count > 12)
  }
}
