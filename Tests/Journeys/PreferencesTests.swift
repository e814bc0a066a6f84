import Foundation
import TestSupport
import Testing

/// The page behind the link in every digest.
@Suite struct PreferencesTests {
  private func reader() async throws -> (RunningService, path: String) {
    let service = try await RunningService()
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/x", ["name": "Exbury Council"])
    _ = try await service.api("PUT", "/topics/roads", ["name": "Roads", "description": "d", "query": "roads"])
    try await service.subscribe("ann@resident.example", to: "w")
    _ = try await service.runDigest()
    let letter = try await service.waitForLetter(to: "ann@resident.example", "digest")
    return (service, try RunningService.path(of: "/preferences/", in: letter))
  }

  private func subscriber(_ service: RunningService) async throws -> [String: Any] {
    try await service.api("GET", "/subscribers/1").object()
  }

  @Test func `a reader changes what they follow and how much, without an account`() async throws {
    let (service, path) = try await reader()
    let page = try await service.client.get(path)
    #expect(page.status == 200 && page.text.contains("value=\"council:w\" checked") && page.text.contains("Exbury"))
    #expect(page.field("cache-control") == "no-store" && page.field("referrer-policy") == "no-referrer")
    let saved = try await service.client.post(
      form: [
        ("action", "save"), ("follow", "council:x"), ("follow", "topic:roads"), ("follow", "query:\"pot holes\""),
        ("query", "Cycling"), ("density", "full"),
      ],
      to: path
    )
    #expect(saved.status == 303, "\(saved.text)")
    var now = try await subscriber(service)
    #expect(now["follows"] as? [String] == ["council:x", "topic:roads", "query:\"pot holes\"", "query:Cycling"])
    #expect(now["density"] as? String == "full")
    // Twice is once.
    _ = try await service.client.post(form: [("action", "save"), ("follow", "council:x")], to: path)
    _ = try await service.client.post(form: [("action", "save"), ("follow", "council:x")], to: path)
    now = try await subscriber(service)
    #expect(now["follows"] as? [String] == ["council:x"] && now["density"] as? String == "full")
  }

  @Test(arguments: [
    ([("action", "save")], "at least one"), ([("action", "save"), ("follow", "council:none")], "There is no council"),
    ([("action", "save"), ("follow", "cat:tom")], "nothing that can be followed"),
    ([("action", "save"), ("follow", "council:w"), ("query", "\"open")], "id=\"query-error\""),
    ([("action", "save"), ("follow", "council:w"), ("density", "huge")], "Choose headlines"),
    ([("action", "pause"), ("until", "yesterday")], "Enter a date"), ([("action", "dance")], "action"),
  ])
  func `what can't be done is said at its place and changes nothing`(_ form: [(String, String)], _ words: String)
    async throws
  {
    let (service, path) = try await reader()
    let answer = try await service.client.post(form: form, to: path)
    #expect(answer.status == 422 && answer.text.contains(words), "\(answer.text)")
    let now = try await subscriber(service)
    #expect(now["follows"] as? [String] == ["council:w"] && now["density"] as? String == "brief")
  }

  @Test func `a pause is set and ended, and reading the page changes nothing`() async throws {
    let (service, path) = try await reader()
    let soon = Date.now.addingTimeInterval(20 * 86_400).formatted(.iso8601.year().month().day())
    #expect(try await service.client.post(form: [("action", "pause"), ("until", soon)], to: path).status == 303)
    #expect(try await subscriber(service)["paused_until"] is String)
    for _ in 0..<3 { #expect(try await service.client.get(path).text.contains("paused until")) }
    let resumed = try await service.client.post(form: [("action", "resume")], to: path)
    #expect(resumed.status == 303 && Self.isKept(resumed), "its Location is a key, too")
    #expect(try await subscriber(service)["paused_until"] == nil)
  }

  /// From caches, other sites and search engines.
  private static func isKept(_ answer: HTTPExchange) -> Bool {
    answer.field("cache-control") == "no-store" && answer.field("referrer-policy") == "no-referrer"
      && answer.field("x-robots-tag") == "noindex"
  }

  @Test func `the link of somebody who left says so kindly, and a broken one is not found`() async throws {
    let (service, path) = try await reader()
    _ = try await service.client.post(form: [], to: path.replacing("/preferences/", with: "/unsubscribe/"))
    let broken = try await service.client.get(path + "x")
    #expect(broken.status == 404 && Self.isKept(broken))
    let letter = try await service.waitForLetter(to: "ann@resident.example", "digest")
    let leave = try RunningService.path(of: "/unsubscribe/", in: letter)
    // Each link is good for its own purpose only.
    #expect(try await service.client.get(leave.replacing("/unsubscribe/", with: "/preferences/")).status == 404)
    _ = try await service.client.post(form: [], to: leave)
    #expect(try await service.client.get(path).text.contains("You are unsubscribed"))
    #expect(try await service.client.post(form: [("action", "save"), ("follow", "council:w")], to: path).status == 200)
    #expect(try await subscriber(service)["state"] as? String == "unsubscribed")
  }
}
