import Foundation
import Mail
import TestSupport
import Testing

/// Topics and own queries across councils, from the API to the letter.
@Suite struct TopicTests {
  private func service() async throws -> RunningService {
    let service = try await RunningService()
    for (slug, name) in [("w", "Wychford"), ("m", "Marlbeck")] {
      _ = try await service.api("PUT", "/councils/\(slug)", ["name": "\(name) Council", "short_name": name])
    }
    return service
  }

  private func put(
    _ service: RunningService,
    _ path: String,
    _ summary: String,
    days: Double = -1,
    _ more: [String: Any] = [:]
  )
    async throws -> HTTPExchange
  {
    let meeting: [String: Any] = [
      "committee": "Cabinet", "starts_at": Date().addingTimeInterval(days * 86_400).formatted(.iso8601),
      "summary": summary,
    ]
    return try await service.api("PUT", "/councils/" + path, meeting.merging(more) { $1 })
  }

  private func follow(_ service: RunningService, _ address: String, _ what: [(String, String)]) async throws {
    #expect(try await service.client.post(form: [("email", address)] + what, to: "/subscribe").status == 303)
    let letter = try await service.waitForLetter(to: address, "confirmation")
    #expect(!letter.text.contains("pothole"), "nothing typed into the form is mailed before the address answered")
    let path = try RunningService.path(of: "/confirm/", in: letter)
    #expect(try await service.client.post(form: [], to: path).status == 200)
  }

  @Test func `a topic and an own query reach across councils, each with its reason`() async throws {
    let service = try await service()
    let topic = try await service.api("PUT", "/topics/housing", ["name": "Housing", "query": "\"council homes\""])
    #expect(topic.status == 201)
    let item = try await put(service, "m/meetings/a", "## Homes\n\nMembers agreed to build 40 council homes.").object()
    #expect((item["topics"] as? [[String: Any]])?.first?["slug"] as? String == "housing")
    _ = try await put(service, "w/meetings/b", "## Roads\n\nRepairs of potholes & drains cost more.")
    _ = try await put(service, "w/meetings/c", "## Parks\n\nA new playground.")
    try await follow(service, "ann@resident.example", [("topic", "housing"), ("query", "pothole repair")])
    _ = try await service.runDigest()
    let letter = try await service.waitForLetter(to: "ann@resident.example", "digest")
    #expect(letter.first("subject") == "Marlbeck: Homes; Wychford: Roads")
    for part in ["It is about Housing: “", "*council homes*", "It matches “pothole repair”: “", "*potholes*"] {
      #expect(letter.text.replacing("\n", with: " ").contains(part), "\(part)")
    }
    #expect(letter.html.contains(">potholes</mark>") && letter.html.contains("</mark> &amp; drains"))
    #expect(!letter.text.contains("playground") && !letter.text.contains("Parks"))
    let edition = try RunningService.path(of: "/digests/", in: letter)
    let page = try await service.client.get(edition)
    #expect(page.status == 200 && page.text.contains("It is about Housing") && !page.text.contains("pothole repair"))
  }

  @Test func `a quiet week of topics says what nothing was found for`() async throws {
    let service = try await service()
    _ = try await service.api("PUT", "/topics/housing", ["name": "Housing", "query": "homes"])
    try await follow(service, "ann@resident.example", [("topic", "housing")])
    _ = try await service.runDigest()
    let letter = try await service.waitForLetter(to: "ann@resident.example", "digest")
    #expect(letter.first("subject") == "A quiet week for what you follow")
    #expect(letter.text.contains("Nothing new this week about Housing."))
  }

  @Test func `the next fortnight of what is followed stands in the letter`() async throws {
    let service = try await service()
    _ = try await service.api(
      "PUT",
      "/councils/w/meetings/soon",
      [
        "committee": "Pensions Board", "starts_at": Date().addingTimeInterval(5 * 86_400).formatted(.iso8601),
      ]
    )
    _ = try await service.api(
      "PUT",
      "/councils/w/meetings/off",
      [
        "committee": "Licensing Board", "starts_at": Date().addingTimeInterval(6 * 86_400).formatted(.iso8601),
        "status": "cancelled",
      ]
    )
    _ = try await service.api(
      "PUT",
      "/councils/w/meetings/late",
      [
        "committee": "Audit Board", "starts_at": Date().addingTimeInterval(15 * 86_400).formatted(.iso8601),
      ]
    )
    try await service.subscribe("ann@resident.example", to: "w")
    _ = try await service.runDigest()
    let letter = try await service.waitForLetter(to: "ann@resident.example", "digest")
    #expect(letter.text.contains("Coming up") && letter.text.contains("Pensions Board"))
    #expect(letter.text.contains("Licensing Board (cancelled)") && !letter.text.contains("Audit Board"))
    #expect(letter.html.contains("Pensions Board</a>"))
  }

  @Test func `topics are checked, matched anew and kept while they are followed`() async throws {
    let service = try await service()
    _ = try await put(service, "w/meetings/a", "Trams and trains.")
    #expect(try await service.api("PUT", "/topics/request", ["name": "R", "query": "a"]).status == 422)
    let broken = try await service.api("PUT", "/topics/t", ["name": "T", "query": "\"open"])
    #expect(broken.status == 422 && broken.text.contains("/query") && broken.text.contains("quotation mark"))
    #expect(try await service.api("PUT", "/topics/t", ["name": "T", "query": "tram"]).status == 201)
    func topics() async throws -> Int? {
      (try await service.api("GET", "/councils/w/meetings/a").object()["topics"] as? [Any])?.count
    }
    #expect(try await topics() == 1)
    #expect(
      try await service.client.get("/councils/w/meetings/a").text.contains("<li><a href=\"/topics/t\">T</a></li>")
    )
    #expect(try await service.api("PUT", "/topics/t", ["name": "T", "query": "ferry"]).status == 200)
    #expect(try await topics() == 0)
    let unknown = try await service.client.send(
      json: ["email": "a@resident.example", "topic": ["t", "nope"], "query": "-x"],
      "POST",
      "/subscribe"
    )
    #expect(unknown.status == 422 && unknown.text.contains("/topic") && unknown.text.contains("/query"))
    try await follow(service, "ann@resident.example", [("topic", "t")])
    #expect(try await service.api("DELETE", "/topics/t").status == 409)
    let subscriber = try await service.api("GET", "/subscribers?email=ann@resident.example").text
    #expect(subscriber.contains("topic:t"))
    _ = try await service.api("PUT", "/topics/u", ["name": "U", "query": "x"])
    #expect(try await service.api("DELETE", "/topics/u").status == 204)
    #expect(try await service.api("GET", "/topics").text.contains(#""slug" : "t""#))
    #expect(try await service.api("DELETE", "/councils/m").status == 204)
    #expect(try await service.api("DELETE", "/councils/w/meetings/a").status == 204)
  }

  @Test func `who asked for a topic that was deleted meanwhile is told so`() async throws {
    let service = try await RunningService()
    _ = try await service.api("PUT", "/topics/ferries", ["name": "Ferries", "query": "ferry"])
    let form = [("email", "ann@resident.example"), ("topic", "ferries")]
    _ = try await service.client.post(form: form, to: "/subscribe")
    let letter = try await service.waitForLetter(to: "ann@resident.example", "confirmation")
    let path = try RunningService.path(of: "/confirm/", in: letter)
    // A sign-up that nobody confirms does not hold it.
    #expect(try await service.api("DELETE", "/topics/ferries").status == 204)
    for answer in [try await service.client.get(path), try await service.client.post(form: [], to: path)] {
      #expect(answer.status == 410 && answer.text.contains("What you asked for has ended"), "\(answer.status)")
      #expect(answer.text.contains("Ferries") && answer.field("cache-control") == "no-store")
    }
    _ = try await service.api("PUT", "/topics/trams", ["name": "Trams", "query": "tram"])
    _ = try await service.client.post(form: [("email", "bob@resident.example"), ("topic", "trams")], to: "/subscribe")
    let second = try await service.waitForLetter(to: "bob@resident.example", "confirmation")
    _ = try await service.client.post(form: [], to: try RunningService.path(of: "/confirm/", in: second))
    let refused = try await service.api("DELETE", "/topics/trams")
    #expect(refused.status == 409 && refused.text.contains("followed by 1 subscriber and"))
    // Who confirmed and left hears that they left, whatever was deleted since.
    let unsubscribe = try RunningService.path(
      of: "/unsubscribe/",
      in: try await sent(service, to: "bob@resident.example")
    )
    #expect(try await service.client.post(form: [], to: unsubscribe).status == 200)
    #expect(try await service.api("DELETE", "/topics/trams").status == 204)
    let again = try await service.client.post(form: [], to: try RunningService.path(of: "/confirm/", in: second))
    #expect(again.status == 200 && again.text.contains("You have unsubscribed"), "\(again.status)")
  }

  private func sent(_ service: RunningService, to address: String) async throws -> ReceivedLetter {
    _ = try await service.runDigest()
    return try await service.waitForLetter(to: address, "digest")
  }
}
