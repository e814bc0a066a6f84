import Foundation
import TestSupport
import Testing

@Suite struct SignupTests {
  private func service(_ settings: [String: String] = [:]) async throws -> RunningService {
    let service = try await RunningService(settings)
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/v", ["name": "Other Council"])
    return service
  }

  @Test func `the answer is the same for every address, and a known one hears it follows already`() async throws {
    let service = try await service()
    try await service.subscribe("ann@resident.example", to: "w")
    let known = try await service.client.post(
      form: [("email", "Ann@Resident.example"), ("council", "w")],
      to: "/subscribe"
    )
    let unknown = try await service.client.post(
      form: [("email", "new@resident.example"), ("council", "w")],
      to: "/subscribe"
    )
    #expect(known.status == 303 && unknown.status == 303)
    #expect(known.field("location") == unknown.field("location") && known.body == unknown.body)
    let letter = try await service.waitForLetter(to: "ann@resident.example", "already-following")
    #expect(letter.text.contains("Worcestershire County Council"))
  }

  @Test func `following one more council is confirmed on its own`() async throws {
    let service = try await service()
    try await service.subscribe("ann@resident.example", to: "w")
    _ = try await service.client.post(form: [("email", "ann@resident.example"), ("council", "v")], to: "/subscribe")
    #expect(try await follows(service) == ["council:w"])
    let second = try await eventually("the second letter") {
      try service.letters(to: "ann@resident.example", "confirmation").first { $0.text.contains("Other Council") }
    }
    let path = try RunningService.path(of: "/confirm/", in: second)
    for _ in 0..<2 { #expect(try await service.client.post(form: [], to: path).status == 200) }
    #expect(try await follows(service) == ["council:v", "council:w"])
  }

  @Test func `two confirmations of the same wish make one subscription`() async throws {
    let service = try await service()
    for _ in 0..<2 {
      _ = try await service.client.post(form: [("email", "ann@resident.example"), ("council", "w")], to: "/subscribe")
    }
    let letters = try await eventually("both letters") {
      let letters = try service.letters(to: "ann@resident.example", "confirmation")
      return letters.count == 2 ? letters : nil
    }
    let paths = try letters.map { try RunningService.path(of: "/confirm/", in: $0) }
    let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
      for path in paths { group.addTask { try await service.client.post(form: [], to: path).status } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(statuses == [200, 200])
    #expect(try await follows(service) == ["council:w"])
  }

  @Test func `who left and confirms an old link stays away, and may sign up again`() async throws {
    let service = try await service()
    try await service.subscribe("ann@resident.example", to: "w")
    let confirm = try RunningService.path(
      of: "/confirm/",
      in: try await service.waitForLetter(to: "ann@resident.example", "confirmation")
    )
    _ = try await service.runDigest()
    let digest = try await service.waitForLetter(to: "ann@resident.example", "digest")
    let leave = try RunningService.path(of: "/unsubscribe/", in: digest)
    _ = try await service.client.post(form: [], to: leave)
    let again = try await service.client.post(form: [], to: confirm)
    #expect(again.status == 200 && again.text.contains("unsubscribed"))
    #expect(try await follows(service) == [])
    _ = try await service.client.post(form: [("email", "ann@resident.example"), ("council", "v")], to: "/subscribe")
    let fresh = try await eventually("a fresh letter") {
      try service.letters(to: "ann@resident.example", "confirmation").first { $0.text.contains("Other Council") }
    }
    _ = try await service.client.post(form: [], to: try RunningService.path(of: "/confirm/", in: fresh))
    #expect(try await follows(service) == ["council:v"])
  }

  @Test func `an address gets three letters a week and the form does not tell`() async throws {
    let service = try await service()
    for _ in 0..<5 {
      let answer = try await service.client.post(
        form: [("email", "victim@resident.example"), ("council", "w")],
        to: "/subscribe"
      )
      #expect(answer.status == 303)
    }
    _ = try await service.client.post(form: [("email", "last@resident.example"), ("council", "w")], to: "/subscribe")
    _ = try await service.waitForLetter(to: "last@resident.example", "confirmation")
    let letters = try await eventually("all that there will be") {
      let letters = try service.letters(to: "victim@resident.example", "confirmation")
      return letters.count >= 3 ? letters : nil
    }
    #expect(letters.count == 3)
  }

  @Test func `who signs an address up again and again keeps its owner from no link`() async throws {
    let service = try await service()
    try await service.subscribe("ann@resident.example", to: "w")
    for _ in 0..<4 {
      let form = [("email", "ann@resident.example"), ("council", "w")]
      _ = try await service.client.post(form: form, to: "/subscribe")
    }
    for _ in 0..<7 {
      _ = try await service.client.post(form: [("email", "ann@resident.example")], to: "/preferences")
    }
    try await service.subscribe("last@resident.example", to: "w")
    #expect(try service.letters(to: "ann@resident.example", "already-following").count == 2)
    let links = try await eventually("all that there will be") {
      let links = try service.letters(to: "ann@resident.example", "preferences-link")
      return links.count >= 5 ? links : nil
    }
    #expect(links.count == 5)
  }

  @Test func `a network that signs up too often is told to wait`() async throws {
    let service = try await service(["signup.per_network_per_hour": "2"])
    for number in 1...2 {
      _ = try await service.client.post(
        form: [("email", "n\(number)@resident.example"), ("council", "w")],
        to: "/subscribe"
      )
    }
    let answer = try await service.client.post(
      form: [("email", "n3@resident.example"), ("council", "w")],
      to: "/subscribe"
    )
    #expect(answer.status == 429 && answer.field("retry-after") == "3600")
  }

  @Test func `a program that fills the hidden field gets thanks and no letter`() async throws {
    let service = try await service()
    let form = [("email", "bot@resident.example"), ("council", "w"), ("website", "https://spam.example")]
    #expect(try await service.client.post(form: form, to: "/subscribe").status == 303)
    #expect(try await service.api("GET", "/subscribers").text.contains("bot@") == false)
  }

  @Test func `a topic request is listed once its address answered`() async throws {
    let service = try await service()
    let form = [
      ("email", "jo@paper.example"), ("request", "How long do children wait?\nAnd where?"), ("query", "SEND waiting"),
      ("council", "w"), ("council", "v"),
    ]
    let answer = try await service.client.post(form: form, to: "/topics/request")
    #expect(answer.status == 303)
    #expect(try await service.client.get(try #require(answer.field("location"))).status == 200)
    #expect(try await items("/topic-requests", service).isEmpty)
    let path = try RunningService.path(
      of: "/confirm/",
      in: try await service.waitForLetter(to: "jo@paper.example", "topic-request")
    )
    #expect(try await service.client.get(path).text.contains("<button"))
    #expect(try await items("/topic-requests", service).isEmpty)
    for _ in 0..<2 { #expect(try await service.client.post(form: [], to: path).status == 200) }
    let listed = try await items("/topic-requests?state=open", service)
    #expect(listed.count == 1)
    #expect(listed.first?["request"] as? String == "How long do children wait?\nAnd where?")
    #expect(listed.first?["query"] as? String == "SEND waiting" && listed.first?["state"] as? String == "open")
    #expect(Set(listed.first?["councils"] as? [String] ?? []) == ["w", "v"])
    let bad = try await service.client.post(
      form: [("email", "x"), ("request", ""), ("council", "zzz")],
      to: "/topics/request"
    )
    #expect(bad.status == 422 && bad.text.contains("There is no council") && bad.text.contains("Tell us what"))
  }

  @Test func `feedback is stored and listed, and names the meeting`() async throws {
    let service = try await service()
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting())
    #expect(try await service.client.get("/feedback?kind=mistake&meeting=w%2Fa").text.contains("Report a mistake"))
    let form = [
      ("message", "The sum is wrong <b>"), ("kind", "mistake"), ("meeting", "w/a"), ("email", "jo@paper.example"),
    ]
    #expect(try await service.client.post(form: form, to: "/feedback").status == 303)
    #expect(try await service.client.post(form: [("message", "Thanks")], to: "/feedback").status == 303)
    let listed = try await items("/feedback?state=open", service)
    #expect(listed.map { $0["message"] as? String } == ["The sum is wrong <b>", "Thanks"])
    #expect(listed.first?["meeting"] as? String == "w/a" && listed.first?["kind"] as? String == "mistake")
    for bad in [
      [("message", "")], [("message", "x"), ("kind", "poem")], [("message", "x"), ("meeting", "w/none")],
      [("message", "x"), ("email", "no")],
    ] {
      #expect(try await service.client.post(form: bad, to: "/feedback").status == 422, "\(bad)")
    }
    let foreign = try await service.client.post(
      form: [("message", "x")],
      to: "/feedback",
      headers: ["Sec-Fetch-Site": "cross-site"]
    )
    #expect(foreign.status == 403)
    #expect(try await items("/feedback", service).count == 2)
  }

  private func follows(_ service: RunningService) async throws -> [String] {
    let items = try await items("/subscribers?email=ann@resident.example", service)
    return (items.first?["follows"] as? [String] ?? []).sorted()
  }

  private func items(_ path: String, _ service: RunningService) async throws -> [[String: Any]] {
    try #require(try await service.api("GET", path).object()["items"] as? [[String: Any]])
  }
}
