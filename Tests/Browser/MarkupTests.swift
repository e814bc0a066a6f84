import Foundation
import TestSupport
import Testing

/// What parsers make of the pages.
@Suite struct MarkupTests {
  @Test func `every page is HTML without a parse error, light, and without anything from elsewhere`() async throws {
    let demo = try await Demo(["digest.approval": "required"])
    var pages: [String: String] = [:]
    for path in try await demo.pages() + demo.consolePages() {
      let answer = try await demo.get(path)
      #expect(answer.body.count < 60_000 || path.hasSuffix("/transcript"), "\(path) weighs \(answer.body.count)")
      pages[path] = answer.text
      let policy = answer.field("content-security-policy") ?? ""
      #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "\(path)")
      let loaded = answer.text.matches(
        of: #/(?:src|srcset|action)="([^"]+)"|<link rel="(?:stylesheet|icon)" href="([^"]+)"/#
      )
      for address in loaded.compactMap({ $0.1 ?? $0.2 }) {
        #expect(address.hasPrefix("/"), "\(path) loads \(address)")
      }
      #expect(answer.text.matches(of: #/\s(?:style|on[a-z]+)="/#).isEmpty, "\(path) has no inline style or script")
    }
    let problems = try await PageReader.problems(in: pages)
    #expect(problems == [:], "\(problems)")
  }

  @Test func `a meeting's page says what it is to search engines, hostile words and all`() async throws {
    let demo = try await Demo()
    let name = "Cabinet </script><script>alert(1)</script> & “Friends”"
    let meeting: [String: Any] = [
      "committee": name, "starts_at": "2026-11-03T14:00:00Z", "status": "cancelled", "location": "Hall <1>",
    ]
    let put = try await demo.client.send(
      json: meeting,
      "PUT",
      "/api/v1/councils/wychford/meetings/hostile",
      key: demo.key
    )
    #expect(put.status == 201)
    let page = try await demo.client.get("/councils/wychford/meetings/hostile").text
    let found = try await PageReader.metadata(of: page)
    let event = try #require(found["json-ld"]?.first)
    #expect(event["@type"] as? String == "Event")
    #expect(event["name"] as? String == "\(name), Wychford County Council")
    #expect(event["startDate"] as? String == "2026-11-03T14:00:00Z")
    #expect(event["eventStatus"] as? String == "https://schema.org/EventCancelled")
    #expect((event["location"] as? [String: Any])?["name"] as? String == "Hall <1>")
    let card = try #require(found["opengraph"]?.first)
    #expect((card["og:url"] as? String)?.hasSuffix("/councils/wychford/meetings/hostile") == true)
    #expect((card["og:title"] as? String)?.contains(name) == true)
  }

  @Test func `the site map lists what there is, and robots and security.txt are well formed`() async throws {
    let demo = try await Demo()
    let map = try await PageReader.siteMap(try await demo.client.get("/sitemap.xml").text)
    for address in map {
      let path = try #require(URL(string: address)).path()
      #expect(try await demo.client.get(path).status == 200, "\(address)")
    }
    #expect(map.contains { $0.contains("/meetings/") } && map.contains { $0.contains("/committees/") })
    let robots = try await demo.client.get("/robots.txt").text
    #expect(robots.contains(/Sitemap: http:\S+\/sitemap\.xml\n/) && robots.contains("Disallow: /unsubscribe/\n"))
    #expect(try await demo.client.get("/sitemaps/1").status == 200)
    for part in ["2", "-1", "01", "x", "99999999999999999999"] {
      #expect(try await demo.client.get("/sitemaps/\(part)").status == 404)
    }
    let problems = try await PageReader.problems(
      inSecurityText: try await demo.client.get("/.well-known/security.txt").text
    )
    #expect(problems == [])
  }
}
