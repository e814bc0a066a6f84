import Foundation
import TestSupport
import Testing

/// Councils that merge, or change their name.
@Suite struct ReplaceCouncilTests {
  /// Two old councils with a meeting of the same slug each, and a topic and a query about one of them.
  private func service() async throws -> RunningService {
    let service = try await RunningService()
    for (slug, name) in [("ash", "Ashbury Borough Council"), ("elm", "Elmstead District Council")] {
      _ = try await service.api("PUT", "/councils/\(slug)", ["name": name])
      var meeting = Samples.meeting()
      meeting["committee"] = "Cabinet"
      _ = try await service.api("PUT", "/councils/\(slug)/meetings/m", meeting)
    }
    _ = try await service.api("PUT", "/topics/t", ["name": "T", "query": "council:ash chart"])
    return service
  }

  private func merge(_ service: RunningService) async throws -> HTTPExchange {
    try await service.api("PUT", "/councils/grove", ["name": "Grove Council", "replaces": ["ash", "elm"]])
  }

  @Test func `followers move, hear of it once each, and get nothing twice`() async throws {
    let service = try await service()
    _ = try await service.api("PUT", "/councils/grove", ["name": "Grove"])
    try await service.subscribe("ann@resident.example", to: "ash", "elm", "grove")
    try await service.subscribe("bob@resident.example", to: "ash/cabinet", "elm/cabinet")
    try await service.subscribe("cat@resident.example", to: "grove")
    let form = [("email", "dan@resident.example"), ("query", "council:ash chart")]
    #expect(try await service.client.post(form: form, to: "/subscribe").status == 303)
    let confirmation = try await service.waitForLetter(to: "dan@resident.example", "confirmation")
    _ = try await service.client.post(form: [], to: try RunningService.path(of: "/confirm/", in: confirmation))

    for status in [200, 200] { #expect(try await merge(service).status == status) }
    let follows = try await service.api("GET", "/subscribers").object()["items"] as? [[String: Any]]
    #expect(
      follows?.map { $0["follows"] as? [String] } == [
        ["council:grove"], ["council:grove/cabinet"], ["council:grove"], ["query:council:grove chart"],
      ]
    )
    let letter = try await service.waitForLetter(to: "bob@resident.example", "council-replaced")
    #expect(letter.text.contains("- Elmstead District Council") && letter.text.contains("/councils/grove"))
    #expect(letter.text.contains("/unsubscribe/"))
    _ = try await service.runDigest()
    for name in ["ann", "bob", "cat"] {
      let digest = try await service.waitForLetter(to: "\(name)@resident.example", "digest")
      for slug in ["m", "m-elm"] {
        let links = digest.text.split(separator: "\n").filter { $0.hasSuffix("/councils/grove/meetings/\(slug)") }
        #expect(links.count == 1, "\(name): \(digest.text)")
      }
    }
    _ = try await service.waitForLetter(to: "ann@resident.example", "council-replaced")
    for (name, count) in [("ann", 1), ("bob", 1), ("cat", 0), ("dan", 0)] {
      #expect(try service.letters(to: "\(name)@resident.example", "council-replaced").count == count, "\(name)")
      #expect(try service.letters(to: "\(name)@resident.example", "digest").count == 1)
    }
    #expect(try service.letters(to: "dan@resident.example", "digest").first?.text.contains("Ashbury") == false)
  }

  @Test func `old addresses lead on, and the history is kept`() async throws {
    let service = try await service()
    _ = try await service.client.get("/councils/ash")
    let feed = try await service.client.get("/councils/ash/feed.atom").text
    let merged = try await merge(service)
    #expect(merged.status == 201)
    #expect(try merged.object()["replaces"] as? [String] == ["ash", "elm"])
    func location(_ path: String) async throws -> String? {
      let answer = try await service.client.get(path)
      #expect(answer.status == 301, "\(path): \(answer.status)")
      return answer.field("location")
    }
    for part in [
      "", "/feed.atom", "/calendar.ics", "/committees/cabinet", "/committees/cabinet/feed.atom", "/meetings/m",
    ] {
      #expect(try await location("/councils/ash\(part)") == "/councils/grove\(part)")
    }
    // The second of the same slug has another one now, and is not taken for the first.
    #expect(try await location("/councils/elm/meetings/m") == "/councils/grove/meetings/m-elm")
    #expect(try await location("/councils/elm?x=1") == "/councils/grove?x=1")
    #expect(try await service.client.get("/councils/grove/meetings/m-elm").status == 200)
    let page = try await service.client.get("/councils/grove").text
    #expect(page.contains("/councils/grove/meetings/m\"") && page.contains("/councils/grove/meetings/m-elm"))
    // Feed readers know what they have by its id.
    let id = try #require(feed.firstMatch(of: /<entry>\s*<id>([^<]+)</)?.1)
    #expect(try await service.client.get("/councils/grove/feed.atom").text.contains("<id>\(id)</id>"))
    #expect(try await service.client.get("/search?q=council%3Agrove+chart").text.contains("m-elm"))
    let topic = try await service.api("GET", "/topics/t").object()
    #expect(topic["query"] as? String == "council:grove chart")
    #expect(try await service.client.get("/topics/t").text.contains("/councils/grove/meetings/m-elm"))
  }

  @Test func `forms that name the old council still work, and calls of the API are told where it is`() async throws {
    let service = try await service()
    _ = try await merge(service)
    try await service.subscribe("ann@resident.example", to: "ash/cabinet")
    let items = try await service.api("GET", "/subscribers").object()["items"] as? [[String: Any]]
    #expect(items?.first?["follows"] as? [String] == ["council:grove/cabinet"])
    let read = try await service.api("GET", "/councils/ash")
    #expect(read.status == 301 && read.field("location") == "/api/v1/councils/grove")
    let written = try await service.api("PUT", "/councils/elm/meetings/m", Samples.meeting())
    #expect(written.status == 410 && written.text.contains("/api/v1/councils/grove/meetings/m-elm"), "\(written.text)")
    #expect(try await service.api("PUT", "/councils/ash", ["name": "Ashbury"]).status == 410)
    let line = #"""
      {"council": {"slug": "ash", "name": "Ashbury"}}
      {"meeting": {"council": "elm", "slug": "m", "committee": "Cabinet", "starts_at": "2026-01-01T10:00:00Z"}}
      """#
    let imported = try await service.client.send(
      "POST",
      "/api/v1/import",
      headers: ["Authorization": "Bearer \(RunningService.key)"],
      body: Array(line.utf8)
    )
    let problems = try imported.object()["errors"] as? [[String: Any]] ?? []
    #expect(
      problems.count == 2 && problems.allSatisfy { ($0["detail"] as? String)?.contains("was replaced by") == true }
    )
    let kept = try await service.api("GET", "/councils/grove/meetings/m").object()["summary"] as? String
    #expect(kept?.isEmpty == false, "a line for the old council does not overwrite the meeting of the new one")
    #expect(try await service.api("DELETE", "/councils/grove").status == 409)
  }

  @Test func `a name can be taken back, and addresses lead on through several changes`() async throws {
    let service = try await service()
    #expect(try await service.api("PUT", "/councils/oak", ["name": "Oak", "replaces": ["ash"]]).status == 201)
    #expect(try await service.api("PUT", "/councils/yew", ["name": "Yew", "replaces": ["oak"]]).status == 201)
    #expect(try await service.client.get("/councils/ash/meetings/m").field("location") == "/councils/yew/meetings/m")
    #expect(try await service.api("PUT", "/councils/ash", ["name": "Ash", "replaces": ["yew"]]).status == 201)
    #expect(try await service.client.get("/councils/ash/meetings/m").status == 200)
    #expect(try await service.client.get("/councils/oak").field("location") == "/councils/ash")
    let text = try await service.api("PUT", "/councils/new", ["name": "New", "replaces": "elm"])
    #expect(text.status == 422 && text.text.contains("Expected an array"), "what can't be undone is not guessed")
    for (wish, pointer) in [
      (["none"], "/replaces/0"), (["elm", "nought"], "/replaces/1"), (["new"], "/replaces/0"), (["A B"], "/replaces/0"),
      (["oak"], "/replaces/0"),
    ] {
      let refused = try await service.api("PUT", "/councils/new", ["name": "New", "replaces": wish])
      #expect(refused.status == 422 && refused.text.contains("\"\(pointer)\""), "\(wish): \(refused.text)")
    }
    #expect(try await service.client.get("/councils/new").status == 404, "what is refused leaves nothing")
    #expect(try await service.client.get("/councils/elm").status == 200)
  }

  @Test func `queries, searches and references that name the old council mean the one that took its place`()
    async throws
  {
    let service = try await service()
    _ = try await merge(service)
    for path in [
      "/query?q=chart&council=ash", "/query?q=chart%20council:ash", "/query?q=chart%20council:ash%20OR%20council:grove",
    ] {
      let lab = try await service.client.get(path)
      #expect(lab.status == 200 && lab.text.contains("2 meetings in the last 12 months"), "\(path): \(lab.status)")
      #expect(lab.text.contains("name=\"query\" value=\"chart council:grove\""), "\(path)")
    }
    for path in ["/search?q=chart%20council:elm", "/search?q=chart&council=ash"] {
      #expect(try await service.client.get(path).text.contains("2 meetings"), "\(path)")
    }
    #expect(try await service.client.get("/search?q=chart&council=ash").text.contains("value=\"grove\" selected"))
    #expect(try await service.client.get("/search.atom?q=chart%20council:elm").text.contains("<entry>"))
    let fewer = try await service.client.get("/query?q=chart&fewer=elm/m").text
    #expect(fewer.contains("id=\"fewer-heading\"") && fewer.contains("/councils/grove/meetings/m-elm\""))
    let comment = [("message", "A figure is wrong"), ("meeting", "elm/m"), ("kind", "mistake")]
    #expect(try await service.client.post(form: comment, to: "/feedback").status == 303)
    let feedback = try await service.api("GET", "/feedback").object()["items"] as? [[String: Any]]
    #expect(feedback?.first?["meeting"] as? String == "grove/m-elm")
    try await service.subscribe("ann@resident.example", to: "ash")
    let why = try await service.api("GET", "/explain?subscriber=ann@resident.example&meeting=elm/m")
    #expect(try why.object()["meeting"] as? String == "grove/m-elm", "\(why.text)")
    #expect(try await service.api("GET", "/explain?subscriber=ann@resident.example&meeting=ash/none").status == 404)
  }

  @Test func `a query about the old council can be followed and is about the new one, which stands there once`()
    async throws
  {
    let service = try await service()
    let long = Array(repeating: "council", count: 55).joined(separator: " ")
    _ = try await service.api("PUT", "/topics/both", ["name": "Both", "query": "chart council:ash OR council:elm"])
    let nearlyFull = ["name": "Long", "query": "council:ash chart -\"\(long)\""]
    #expect(try await service.api("PUT", "/topics/long", nearlyFull).status == 201)
    let name = String(repeating: "grove-", count: 10) + "council"
    let merged = try await service.api("PUT", "/councils/\(name)", ["name": "Grove", "replaces": ["ash", "elm"]])
    #expect(merged.status == 201)
    let both = try await service.api("GET", "/topics/both").object()["query"] as? String
    #expect(both == "chart council:\(name)")
    // Longer than anyone may type, and still read.
    #expect(try await service.api("PUT", "/councils/\(name)/meetings/n", Samples.meeting()).status == 201)
    #expect(try await service.client.get("/topics/long").text.contains("/councils/\(name)/meetings/n"))

    let topic = try await service.api("PUT", "/topics/new", ["name": "N", "query": "council:elm chart"])
    #expect(try topic.object()["query"] as? String == "council:\(name) chart")
    for query in ["chart council:ash", "chart council:ash OR council:\(name)"] {
      let form = [("email", "dan@resident.example"), ("query", query), ("query", "chart council:elm")]
      #expect(try await service.client.post(form: form, to: "/subscribe").status == 303)
    }
    let confirmation = try await service.waitForLetter(to: "dan@resident.example", "confirmation")
    _ = try await service.client.post(form: [], to: try RunningService.path(of: "/confirm/", in: confirmation))
    let items = try await service.api("GET", "/subscribers").object()["items"] as? [[String: Any]]
    #expect(items?.first?["follows"] as? [String] == ["query:chart council:\(name)"])
  }
}
