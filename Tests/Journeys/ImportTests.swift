import Foundation
import TestSupport
import Testing

/// Councils, topics and meetings by the thousand, one JSON object a line.
@Suite struct ImportTests {
  static func council(_ slug: String = "w") -> String {
    #"{"council": {"slug": "\#(slug)", "name": "Council \#(slug)"}}"#
  }

  static func meeting(_ slug: String, council: String = "w", daysAgo: Double = 3, summary: String = "Text.") -> String {
    let start = Date().addingTimeInterval(-daysAgo * 86_400).formatted(.iso8601)
    return
      #"{"meeting": {"council": "\#(council)", "slug": "\#(slug)", "committee": "Cabinet", "starts_at": "\#(start)", "#
      + #""status": "held", "summary": "\#(summary)"}}"#
  }

  static let topic = #"{"topic": {"slug": "buses", "name": "Buses", "query": "bus"}}"#

  private func importing(
    _ body: [UInt8],
    to service: RunningService,
    query: String = "",
    type: String? = "application/x-ndjson",
    key: String = RunningService.key
  ) async throws -> HTTPExchange {
    var headers = ["Authorization": "Bearer \(key)"]
    headers["Content-Type"] = type
    return try await service.client.send(
      "POST",
      "/api/v1/import\(query)",
      headers: headers,
      body: body,
      timeoutSeconds: Machine.isPatient ? 1_200 : 120
    )
  }

  private func importing(
    _ lines: [String],
    to service: RunningService,
    query: String = ""
  ) async throws -> HTTPExchange {
    try await importing(Array(lines.joined(separator: "\n").utf8), to: service, query: query)
  }

  private func counts(_ answer: HTTPExchange, _ kind: String) throws -> [Int] {
    let counts = try #require(try answer.object()[kind] as? [String: Int])
    return ["created", "replaced", "unchanged"].map { counts[$0] ?? -1 }
  }

  private func errors(_ answer: HTTPExchange) throws -> [String] {
    let errors = try #require(try answer.object()["errors"] as? [[String: Any]])
    return errors.map { "\($0["line"] ?? "") \($0["pointer"] ?? "")" }
  }

  @Test func `good lines are kept, bad ones named, and again nothing changes`() async throws {
    let service = try await RunningService()
    let lines = [
      Self.council(), "", Self.meeting("a", summary: "A bus for all."), "  \t", Self.topic, "not json",
      Self.meeting("b", council: "nowhere"), Self.council("late"), Self.meeting("c", council: "late"),
      Self.meeting("d").replacing("\"starts_at\": \"", with: "\"starts_at\": \"x"), #"{"council": {"slug": "q"}}"#,
    ]
    let answer = try await importing(Array(("\u{FEFF}" + lines.joined(separator: "\r\n")).utf8), to: service)
    #expect(answer.status == 200, "\(answer.text)")
    #expect(try counts(answer, "councils") == [2, 0, 0])
    #expect(try counts(answer, "topics") == [1, 0, 0])
    #expect(try counts(answer, "meetings") == [2, 0, 0])
    #expect(try errors(answer) == ["6 ", "7 /meeting/council", "10 /meeting/starts_at", "11 /council/name"])
    #expect(try answer.object()["errors_omitted"] as? Int == 0)
    let meeting = try await service.api("GET", "/councils/w/meetings/a").object()
    #expect((meeting["topics"] as? [[String: String]])?.first?["slug"] == "buses")
    #expect(try await service.client.get("/councils/late/meetings/c").status == 200)

    let before = try await service.api("GET", "/councils/w/meetings/a").text
    let again = try await importing(lines, to: service)
    #expect(try counts(again, "councils") == [0, 0, 2] && counts(again, "topics") == [0, 0, 1])
    #expect(try counts(again, "meetings") == [0, 0, 2])
    #expect(try await service.api("GET", "/councils/w/meetings/a").text == before)
    let changed = try await importing([Self.meeting("a", summary: "Another text.")], to: service)
    #expect(try counts(changed, "meetings") == [0, 1, 0])
    #expect(try await service.client.get("/councils/w/meetings/a").text.contains("Another text."))
  }

  @Test func `a transcript alone is a change`() async throws {
    let service = try await RunningService()
    let line = Self.meeting("a")
    let longer = line.replacing("\"summary\"", with: "\"transcript\": \"word for word\", \"summary\"")
    _ = try await importing([Self.council(), line], to: service)
    #expect(try await counts(importing([longer], to: service), "meetings") == [0, 1, 0])
    #expect(try await counts(importing([longer], to: service), "meetings") == [0, 0, 1])
    #expect(try await counts(importing([line], to: service), "meetings") == [0, 1, 0])
  }

  @Test func `all or none`() async throws {
    let service = try await RunningService()
    let good = [Self.council(), Self.meeting("a"), Self.topic]
    let bad = good + ["{}", Self.meeting("b", council: "nowhere"), Self.council("v")]
    let refused = try await importing(bad, to: service, query: "?atomic=true")
    #expect(refused.status == 422 && refused.field("content-type") == "application/problem+json")
    #expect(try errors(refused) == ["4 ", "5 /meeting/council"])
    #expect(try await service.api("GET", "/councils/w").status == 404)
    // What only the transaction can tell undoes it, too.
    let reserved = good + [Self.topic.replacing("buses", with: "request")]
    let late = try await importing(reserved, to: service, query: "?atomic=true")
    #expect(try late.status == 422 && errors(late) == ["4 /topic/slug"], "\(late.text)")
    #expect(try await service.api("GET", "/councils/w").status == 404)
    #expect(try await service.api("GET", "/topics/buses").status == 404)

    let taken = try await importing(good, to: service, query: "?atomic=true")
    #expect(try taken.status == 200 && counts(taken, "meetings") == [1, 0, 0])
    #expect(try await service.client.get("/councils/w/meetings/a").status == 200)
    for value in ["1", "TRUE", "yes"] {
      #expect(try await importing([Self.council("x")], to: service, query: "?atomic=\(value)").status == 422)
    }
    #expect(try await service.api("GET", "/councils/x").status == 404)
  }

  @Test func `hostile input is refused line by line`() async throws {
    let service = try await RunningService()
    let empty = try await importing([], to: service)
    #expect(try empty.status == 200 && errors(empty).isEmpty && counts(empty, "councils") == [0, 0, 0])
    let lines = [
      Self.council(), Self.council(), #"{"council": {"slug": "w", "name": "Renamed"}}"#, "\u{1}", "[[[[[[",
      String(repeating: "[", count: 100_000), #"{"council": {"slug": "../w", "name": "A"}}"#,
      #"{"topic": {"slug": "request", "name": "A", "query": "b"}}"#, #"{"topic": {"slug": "t", "name": ["A"]}}"#,
      #"{"meeting": {"council": "w", "slug": "m", "committee": "C", "starts_at": "2026-11-20T10:00:00Z", "notfy": true}}"#,
    ]
    let answer = try await importing(
      Array(lines.joined(separator: "\n").utf8) + [0x0A, 0xFF, 0xFE, 0x0A] + Array(Self.meeting("a").utf8),
      to: service
    )
    #expect(try counts(answer, "councils") == [1, 1, 1] && counts(answer, "meetings") == [1, 0, 0])
    #expect(
      try errors(answer) == [
        "4 ", "5 ", "6 ", "7 /council/slug", "8 /topic/slug", "9 /topic/name", "9 /topic/query", "10 /meeting/notfy",
        "11 ",
      ]
    )
    let giant = Array((Self.council("v") + "\n{\"meeting\": \"").utf8) + [UInt8](repeating: 0x61, count: 20_000_000)
    let long = try await importing(giant + Array("\"}\n\(Self.meeting("b"))".utf8), to: service)
    #expect(try long.status == 200 && errors(long) == ["2 "] && counts(long, "meetings") == [1, 0, 0])
    let many = try await importing((0..<1_200).map { _ in "{" }, to: service)
    #expect(try errors(many).count == 1_000 && many.object()["errors_omitted"] as? Int == 200)
    #expect(try await importing(many.body, to: service, type: "text/csv").status == 415)
    for type in ["application/json", "application/x-www-form-urlencoded", nil] {
      #expect(try await importing(Array(Self.council().utf8), to: service, type: type).status == 200)
    }
  }

  @Test func `a large body is read only for an editor`() async throws {
    let service = try await RunningService()
    let made = try await service.api("POST", "/api-keys", ["name": "r", "role": "reader"])
    let reader = try #require(try made.object()["secret"] as? String)
    for (key, status) in [(reader, 403), ("nobody", 401)] {
      #expect(try await importing(Array(Self.council().utf8), to: service, key: key).status == status)
      let head =
        "POST /api/v1/import HTTP/1.1\r\nHost: 127.0.0.1:\(service.port)\r\nAuthorization: Bearer \(key)\r\n"
        + "Content-Length: 900000000\r\n\r\n"
      #expect(try HTTPExchange(parsing: try await service.client.exchange(Array(head.utf8))).status == status)
    }
    let more =
      "POST /api/v1/import HTTP/1.1\r\nHost: 127.0.0.1:\(service.port)\r\nAuthorization: Bearer \(RunningService.key)\r\n"
      + "Content-Length: 2147483649\r\n\r\n"
    #expect(try HTTPExchange(parsing: try await service.client.exchange(Array(more.utf8))).status == 413)
  }

  @Test func `old meetings are archive: nobody is mailed about them`() async throws {
    let service = try await RunningService()
    _ = try await importing([Self.council()], to: service)
    try await service.subscribe("ann@resident.example", to: "w")
    let archive = (0..<50).map { Self.meeting("old-\($0)", daysAgo: 60 + Double($0), summary: "An old matter.") }
    let answer = try await importing(archive + [Self.meeting("news", summary: "A new matter.")], to: service)
    #expect(try counts(answer, "meetings") == [51, 0, 0])
    _ = try await service.runDigest()
    let letter = try await service.waitForLetter(to: "ann@resident.example", "digest")
    #expect(letter.text.contains("A new matter.") && !letter.text.contains("An old matter."))
    #expect(try await service.client.get("/councils/w/meetings/old-7").text.contains("An old matter."))
  }

  /// 2,000 meetings, and 50,000 when there is time.
  @Test func `a large import takes little memory and lets people sign up meanwhile`() async throws {
    let service = try await RunningService()
    _ = try await importing([Self.council()], to: service)
    // What the service needs at all.
    _ = try await importing((0..<200).map { Self.meeting("warm-\($0)") }, to: service)
    let before = try service.peakMemoryKilobytes()
    let count = Machine.isPatient ? 50_000 : 2_000
    let lines = (0..<count).map { Self.meeting("m\($0)", daysAgo: Double($0 % 4_000), summary: "Matter \($0).") }
    let isOver = Gate()
    let answer = Task {
      defer { isOver.close() }
      return try await importing(lines, to: service)
    }
    var served = 0
    while served < 5, !isOver.isClosed {
      let form = [("email", "p\(served)@resident.example"), ("council", "w")]
      #expect(try await service.client.post(form: form, to: "/subscribe").status == 303)
      if !isOver.isClosed { served += 1 }
    }
    #expect(served > 0, "nobody is served before an import is over")
    let imported = try await answer.value
    #expect(try counts(imported, "meetings") == [count, 0, 0] && errors(imported).isEmpty)
    let grown = try service.peakMemoryKilobytes() - before
    #expect(grown < 60_000, "\(grown) kB more")
    #expect(try await service.client.get("/councils/w/meetings/m\(count - 1)").status == 200)
  }
}
