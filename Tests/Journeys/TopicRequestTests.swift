import Foundation
import TestSupport
import Testing

/// Asking for a topic in one's own words: the suggestion, the operator's answer, the letters.
@Suite struct TopicRequestTests {
  private func service() async throws -> RunningService {
    let service = try await RunningService()
    _ = try await service.api("PUT", "/councils/w", ["name": "Wychford Council"])
    for (slug, summary) in [
      ("a", "Children wait long for assessments."), ("b", "Waiting children and assessments again."),
      ("c", "Assessments: how children waited."), ("d", "Potholes."),
    ] {
      let meeting: [String: Any] = [
        "committee": "Cabinet", "starts_at": Date().addingTimeInterval(-2 * 86_400).formatted(.iso8601),
        "summary": summary,
      ]
      _ = try await service.api("PUT", "/councils/w/meetings/\(slug)", meeting)
    }
    return service
  }

  private func request(
    _ service: RunningService,
    _ words: String,
    _ address: String = "jo@paper.example",
    _ more: [(String, String)] = []
  ) async throws -> HTTPExchange {
    try await service.client.post(form: [("email", address), ("request", words)] + more, to: "/topics/request")
  }

  private func confirm(_ service: RunningService, _ address: String = "jo@paper.example") async throws -> [String: Any]
  {
    let letter = try await service.waitForLetter(to: address, "topic-request")
    #expect(!letter.text.contains("assessments"), "nothing typed is mailed before the address answered")
    let path = try RunningService.path(of: "/confirm/", in: letter)
    #expect(try await service.client.post(form: [], to: path).status == 200)
    let items = try await service.api("GET", "/topic-requests?state=open").object()["items"] as? [[String: Any]]
    return try #require(items?.last)
  }

  @Test func `the service answers at once with what it would look for and what that finds`() async throws {
    let service = try await service()
    let answer = try await request(service, "Please tell me how long children wait for assessments")
    let location = try #require(answer.field("location"))
    #expect(answer.status == 303 && location == "/topics/request/check-your-email?q=children%20wait%20assessments")
    let page = try await service.client.get(location)
    #expect(page.status == 200 && page.text.contains("3 meetings in the last 12 months"))
    #expect(page.text.contains("name=\"query\" value=\"children wait assessments\""))
    #expect(page.field("cache-control") == "no-store")
    let known = try await request(service, "Please tell me how long children wait for assessments")
    #expect(known.field("location") == location)
    let local = try await request(service, "pothole OR drain", "lee@paper.example", [("council", "w")])
    #expect(local.field("location")?.hasSuffix("?q=pothole%20OR%20drain%20council%3Aw") == true)
  }

  @Test func `accepting starts the updates and says so by letter`() async throws {
    let service = try await service()
    _ = try await request(service, "How long do children wait for assessments?")
    let open = try await confirm(service)
    let id = try #require(open["id"] as? Int)
    let suggestion = try #require(open["suggestion"] as? [String: Any])
    #expect(suggestion["query"] as? String == "children wait assessments" && suggestion["meetings"] as? Int == 3)
    let accepted = try await service.api(
      "PATCH",
      "/topic-requests/\(id)",
      ["state": "accepted", "query": "children assessment", "reply": "Good idea.\nHere it is."]
    )
    #expect(accepted.status == 200)
    let item = try accepted.object()
    #expect(item["state"] as? String == "accepted" && item["accepted_query"] as? String == "children assessment")
    #expect(
      (item["history"] as? [[String: Any]])?.map { $0["state"] as? String } == ["unconfirmed", "open", "accepted"]
    )
    let letter = try await service.waitForLetter(to: "jo@paper.example", "topic-accepted")
    for part in ["> How long do children wait", "Good idea.", "“children assessment”", "3 meetings"] {
      #expect(letter.text.contains(part), "\(part)")
    }
    #expect(letter.text.contains("/unsubscribe/") && letter.text.contains("/preferences/"))
    _ = try await service.runDigest()
    let digest = try await service.waitForLetter(to: "jo@paper.example", "digest")
    #expect(digest.text.contains("Fewer like this:") && digest.text.contains("*Children* wait"))
    let fewer = try #require(digest.text.firstMatch(of: /\/query\?q=\S+/)).output
    #expect(try await service.client.get(String(fewer)).text.contains("Fewer like"))
    let again = try await service.api("PATCH", "/topic-requests/\(id)", ["state": "declined", "reply": "No"])
    #expect(again.status == 409)
  }

  @Test func `declining mails the reason and starts nothing`() async throws {
    let service = try await service()
    _ = try await request(service, "Everything about wombats")
    let id = try #require(try await confirm(service)["id"] as? Int)
    let declined = try await service.api(
      "PATCH",
      "/topic-requests/\(id)",
      ["state": "declined", "reply": "No council keeps <wombats>."]
    )
    #expect(declined.status == 200)
    let letter = try await service.waitForLetter(to: "jo@paper.example", "topic-declined")
    #expect(letter.text.contains("No council keeps <wombats>.") && letter.html.contains("&lt;wombats&gt;"))
    let subscribers = try await service.api("GET", "/subscribers").object()["items"] as? [Any]
    #expect(subscribers?.isEmpty == true)
  }

  @Test(arguments: [
    (["state": "accepted"], "/query"), (["state": "declined"], "/reply"), (["state": "open"], "/state"),
    (["state": "accepted", "query": "-x"], "/query"), ([:], "/state"),
    (["state": "declined", "reply": "x", "query": "y"], "/query"),
  ])
  func `an answer that is none is refused by name`(_ answer: [String: String], _ pointer: String) async throws {
    let service = try await service()
    _ = try await request(service, "Wombats please")
    #expect(try await service.api("PATCH", "/topic-requests/1", answer).status == 422)
    let id = try #require(try await confirm(service)["id"] as? Int)
    let refused = try await service.api("PATCH", "/topic-requests/\(id)", answer)
    #expect(refused.status == 422 && refused.text.contains(pointer))
    #expect(try await service.api("PATCH", "/topic-requests/999", ["state": "declined", "reply": "x"]).status == 404)
  }
}
