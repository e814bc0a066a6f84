import Foundation
import TestSupport
import Testing

/// Bad input gets the right status and a sentence that names the field, and nothing is stored.
@Suite struct BadInputTests {
  private func service() async throws -> RunningService {
    let service = try await RunningService()
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    return service
  }

  @Test func `a sign-up form says what is wrong and keeps what was typed`() async throws {
    let service = try await service()
    let cases: [([(String, String)], String)] = [
      ([("email", "not an address"), ("council", "w")], "An email address has no spaces"),
      ([("email", ""), ("council", "w")], "Enter an email address"),
      ([("email", "ann@resident.example")], "Choose at least one council"),
      ([], "Enter an email address"),
      ([("email", "ann@resident.example"), ("council", "nowhere")], "There is no council “nowhere”"),
      ([("email", "ann@resident.example"), ("council", "w/nothing")], "There is no committee “w/nothing”"),
      ([("email", "ann@resident.example"), ("council", "w"), ("density", "huge")], "Choose headlines, brief or full"),
      ([("email", "ann@resident.example\r\nBcc: x@y.example"), ("council", "w")], "no spaces"),
    ]
    for (form, sentence) in cases {
      let answer = try await service.client.post(form: form, to: "/subscribe")
      #expect(answer.status == 422, "\(form)")
      #expect(answer.text.contains(sentence) && answer.text.contains("There is a problem"), "\(form)")
    }
    let kept = try await service.client.post(form: [("email", "a b\"><script>"), ("council", "w")], to: "/subscribe")
    #expect(kept.text.contains("a b&quot;&gt;&lt;script&gt;") && !kept.text.contains("<script>"))
    #expect(try await subscribers(service).isEmpty)
    #expect(try service.letters().isEmpty)
  }

  @Test func `JSON sign-ups get problem details with pointers`() async throws {
    let service = try await service()
    let answer = try await service.client.send(json: ["email": "x", "council": ["w", "zzz"]], "POST", "/subscribe")
    #expect(answer.status == 422 && answer.field("content-type") == "application/problem+json")
    let errors = try #require(try answer.object()["errors"] as? [[String: String]])
    #expect(Set(errors.compactMap { $0["pointer"] }) == ["/email", "/council"])
    let good = try await service.client.send(
      json: ["email": "x@resident.example", "council": "w"],
      "POST",
      "/subscribe"
    )
    #expect(good.status == 202)
  }

  @Test func `unreadable bodies are 400, foreign kinds 415, large ones 413`() async throws {
    let service = try await service()
    let auth = ["Authorization": "Bearer \(RunningService.key)", "Content-Type": "application/json"]
    let broken = try await service.client.send(
      "PUT",
      "/api/v1/councils/x",
      headers: auth,
      body: Array("{\"name\":".utf8)
    )
    #expect(broken.status == 400 && broken.field("content-type") == "application/problem+json")
    let comma = try await service.client.send(
      "PUT",
      "/api/v1/councils/x",
      headers: auth,
      body: Array("{\"name\": \"a,}\",}".utf8)
    )
    #expect(comma.status == 400)
    let form = ["Content-Type": "application/x-www-form-urlencoded"]
    #expect(
      try await service.client.send("POST", "/subscribe", headers: form, body: Array("email=%ff".utf8)).status == 400
    )
    let json = ["Content-Type": "application/json"]
    #expect(try await service.client.send("POST", "/subscribe", headers: json, body: Array("[".utf8)).status == 400)
    let xml = ["Content-Type": "text/xml"]
    #expect(try await service.client.send("POST", "/subscribe", headers: xml, body: Array("<a/>".utf8)).status == 415)
    let large = [UInt8](repeating: 0x61, count: 2_000_000)
    #expect(try await service.client.send("POST", "/subscribe", headers: form, body: large).status == 413)
    #expect(try await service.client.send("PUT", "/api/v1/councils/x", headers: auth, body: large).status == 413)
    #expect(try await service.api("GET", "/councils/x").status == 404)
  }

  @Test func `the API wants a key of the right role`() async throws {
    let service = try await service()
    #expect(try await service.client.get("/api/v1/councils").status == 401)
    #expect(try await service.client.get("/api/v1/councils", headers: ["Authorization": "Bearer wrong"]).status == 401)
    #expect(try await service.client.get("/api/v1/councils", headers: ["Authorization": "Basic x"]).status == 401)
    let made = try await service.api("POST", "/api-keys", ["name": "r", "role": "reader"])
    let reader = try #require(try made.object()["secret"] as? String)
    #expect(
      try await service.client.get("/api/v1/councils", headers: ["Authorization": "Bearer \(reader)"]).status == 200
    )
    let put = try await service.client.send(json: ["name": "X"], "PUT", "/api/v1/councils/x", key: reader)
    #expect(put.status == 403)
    let id = try #require(try made.object()["id"])
    #expect(try await service.api("DELETE", "/api-keys/\(id)").status == 204)
    #expect(
      try await service.client.get("/api/v1/councils", headers: ["Authorization": "Bearer \(reader)"]).status == 401
    )
    #expect(try await !service.api("GET", "/api-keys").text.contains(reader))
  }

  @Test func `an invalid meeting names every field`() async throws {
    let service = try await service()
    let answer = try await service.api(
      "PUT",
      "/councils/w/meetings/a",
      [
        "committee": "", "starts_at": "tomorrow", "status": "maybe", "video_url": "javascript:alert(1)", "sumary": "x",
        "attendees": [["role": "Chair"]], "documents": [["title": "T", "url": "ftp://x", "kind": "poem"]],
        "notify": "yes",
        "location": "a\u{0}b",
      ]
    )
    #expect(answer.status == 422)
    let pointers = Set(try #require(try answer.object()["errors"] as? [[String: String]]).compactMap { $0["pointer"] })
    #expect(
      pointers == [
        "/committee", "/starts_at", "/status", "/video_url", "/sumary", "/attendees/0/name", "/documents/0/url",
        "/documents/0/kind", "/notify", "/location",
      ]
    )
    #expect(try await service.api("GET", "/councils/w/meetings/a").status == 404)
    #expect(try await service.api("PUT", "/councils/none/meetings/a", Samples.meeting()).status == 404)
    #expect(try await service.api("PUT", "/councils/Not%20a%20slug", ["name": "X"]).status == 422)
    var large = Samples.meeting()
    large["summary"] = String(repeating: "x", count: 65_537)
    #expect(try await service.api("PUT", "/councils/w/meetings/a", large).status == 422)
  }

  @Test func `a stranger's large body is not read`() async throws {
    let service = try await service()
    let head =
      "PUT /api/v1/councils/w/meetings/a HTTP/1.1\r\nHost: 127.0.0.1:\(service.port)\r\nContent-Length: 9000000\r\n"
    let answer = try HTTPExchange(parsing: try await service.client.exchange(Array((head + "\r\n").utf8)))
    #expect(answer.status == 401 && answer.field("connection") == "close")
    let foreign = try await service.client.exchange(
      Array(head.replacing("127.0.0.1", with: "evil.example").utf8) + Array("\r\n".utf8)
    )
    #expect(try HTTPExchange(parsing: foreign).status == 421)
  }

  @Test func `what looks like a dry run never becomes a run`() async throws {
    let service = try await service()
    for value in ["1", "TRUE", "yes"] {
      #expect(try await service.api("POST", "/digest-runs?dry_run=\(value)").status == 422)
    }
    #expect(try #require(try await service.api("GET", "/digest-runs").object()["items"] as? [Any]).isEmpty)
  }

  @Test func `repeated and endless choices are taken or refused, never a fault`() async throws {
    let service = try await service()
    let twice = [("email", "jo@paper.example"), ("request", "Buses"), ("council", "w"), ("council", "w")]
    #expect(try await service.client.post(form: twice, to: "/topics/request").status == 303)
    let many = [("email", "jo@paper.example"), ("request", "Buses")] + (0..<500).map { ("council", "c\($0)") }
    #expect(try await service.client.post(form: many, to: "/topics/request").status == 422)
  }

  @Test func `a council nobody confirmed to follow can be deleted, a followed one not`() async throws {
    let service = try await service()
    _ = try await service.client.post(form: [("email", "ann@resident.example"), ("council", "w")], to: "/subscribe")
    let path = try RunningService.path(
      of: "/confirm/",
      in: try await service.waitForLetter(to: "ann@resident.example", "confirmation")
    )
    #expect(try await service.api("DELETE", "/councils/w").status == 204)
    #expect(try await service.client.post(form: [], to: path).status == 410)
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    try await service.subscribe("bob@resident.example", to: "w")
    let refused = try await service.api("DELETE", "/councils/w")
    #expect(refused.status == 409 && refused.text.contains("1"))
  }

  @Test func `tokens that are wrong, foreign or cut are 404`() async throws {
    let service = try await service()
    _ = try await service.client.post(form: [("email", "ann@resident.example"), ("council", "w")], to: "/subscribe")
    let path = try RunningService.path(
      of: "/confirm/",
      in: try await service.waitForLetter(to: "ann@resident.example", "confirmation")
    )
    let token = String(path.dropFirst("/confirm/".count))
    let flipped = String(token.dropLast()) + (token.last == "A" ? "B" : "A")
    for bad in ["x", "%00", String(token.dropLast()), flipped, token + "A", String(repeating: "A", count: 5_000)] {
      let status = try await service.client.post(form: [], to: "/confirm/\(bad)").status
      #expect(status == 404 || (bad == "%00" && status == 400), "\(bad): \(status)")
    }
    #expect(try await service.client.get("/unsubscribe/\(token)").status == 404)
    #expect(try await service.client.get(path).status == 200)
  }

  @Test func `looking at links changes nothing`() async throws {
    let service = try await service()
    _ = try await service.client.post(form: [("email", "ann@resident.example"), ("council", "w")], to: "/subscribe")
    let path = try RunningService.path(
      of: "/confirm/",
      in: try await service.waitForLetter(to: "ann@resident.example", "confirmation")
    )
    for _ in 0..<5 {
      #expect(try await service.client.get(path).status == 200)
      #expect(try await service.client.send("HEAD", path).status == 200)
    }
    #expect(try await subscribers(service, state: "active").isEmpty)
  }

  private func subscribers(_ service: RunningService, state: String? = nil) async throws -> [Any] {
    let query = state.map { "?state=\($0)" } ?? ""
    return try #require(try await service.api("GET", "/subscribers\(query)").object()["items"] as? [Any])
  }

  @Test(arguments: [
    (String(repeating: "a", count: 130), "one long word"), ("???", "Needs a letter or digit"),
  ])
  func `a committee whose name makes no address is told why`(_ name: String, _ reason: String) async throws {
    let service = try await service()
    let meeting = ["committee": name, "starts_at": "2026-11-20T10:00:00Z"]
    let refused = try await service.api("PUT", "/councils/w/meetings/m", meeting)
    #expect(refused.status == 422 && refused.text.contains(reason), "\(refused.text)")
  }

  @Test func `what an answer says can be PUT back, and what contradicts the address is refused`() async throws {
    let service = try await service()
    let plain: [String: Any] = ["committee": "Cabinet", "starts_at": "2026-11-20T10:00:00Z"]
    let dated = plain.merging(["published_at": "2026-11-01T09:00:00Z"]) { $1 }
    #expect(try await service.api("PUT", "/councils/w/meetings/m", dated).status == 201)
    let kept = try await service.api("GET", "/councils/w/meetings/m").object()
    #expect(kept["published_at"] as? String == "2026-11-01T09:00:00Z", "it was said, though there is no summary yet")
    let query = "(bus OR tram)  fares -parking"
    _ = try await service.api("PUT", "/topics/t", ["name": "T", "query": query])
    #expect(try await service.api("GET", "/topics/t").object()["query"] as? String == query)
    for path in ["/councils/w", "/councils/w/meetings/m", "/topics/t"] {
      let item = try await service.api("GET", path)
      let again = try await service.api("PUT", path, try item.object())
      #expect(again.status == 200 && again.text == item.text, "\(path): \(again.text)")
    }
    for (path, contradiction, body) in [
      ("/councils/n", ["slug": "other"], ["name": "N"]), ("/topics/n", ["slug": "other"], ["name": "N", "query": "x"]),
      ("/councils/w/meetings/n", ["slug": "other"], plain), ("/councils/w/meetings/n", ["council": "nope"], plain),
      ("/councils/w/meetings/n", ["committee_slug": "other"], plain),
    ] as [(String, [String: String], [String: Any])] {
      let pointer = "\"/\(contradiction.keys.first ?? "")\""
      let refused = try await service.api("PUT", path, body.merging(contradiction) { $1 })
      #expect(refused.status == 422 && refused.text.contains(pointer), "\(path): \(refused.text)")
      #expect(try await service.api("GET", path).status == 404, "\(path)")
    }
    var summarised = plain
    summarised["summary"] = "Tram fares rise."
    let meeting = try await service.api("PUT", "/councils/w/meetings/m", summarised).object()
    #expect((meeting["topics"] as? [[String: String]])?.map { $0["slug"] } == ["t"])
    #expect(meeting["published_at"] as? String != "2026-11-01T09:00:00Z", "what comes late is not dated back")
  }
}
