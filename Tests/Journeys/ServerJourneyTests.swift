import Foundation
import TestSupport
import Testing

/// What visitors, proxies and the operator see of the server.
@Suite struct ServerJourneyTests {
  private func published(_ settings: [String: String] = [:]) async throws -> RunningService {
    let service = try await RunningService(settings)
    _ = try await service.api("PUT", "/councils/worcestershire", Samples.council)
    _ = try await service.api("PUT", "/councils/worcestershire/meetings/m", Samples.meeting())
    return service
  }

  private func unzipped(_ bytes: [UInt8]) async throws -> String {
    let script = "import gzip,sys; sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))"
    return try await Machine.run("/usr/bin/python3", ["-c", script], input: bytes).output
  }

  @Test func `public pages and assets come in gzip, each coding with a tag of its own`() async throws {
    let service = try await published()
    let home = try await service.client.get("/").text
    let asset = try #require(home.split(separator: "\"").first { $0.hasPrefix("/assets/site.") })
    for path in ["/councils/worcestershire/meetings/m", String(asset), "/api/openapi.json"] {
      // The first is rendered, the second lies ready: nobody can tell.
      for _ in 1...2 {
        let plain = try await service.client.get(path)
        let coded = try await service.client.get(path, headers: ["Accept-Encoding": "br, gzip"])
        #expect(plain.field("Content-Encoding") == nil && plain.field("Vary") == "Accept-Encoding", "\(path)")
        #expect(coded.field("Content-Encoding") == "gzip" && coded.body.count < plain.body.count / 2, "\(path)")
        #expect(try await unzipped(coded.body) == plain.text)
        let tag = try #require(coded.field("ETag"))
        #expect(tag != plain.field("ETag"))
        let again = try await service.client.get(path, headers: ["Accept-Encoding": "gzip", "If-None-Match": tag])
        #expect(again.status == 304 && again.field("ETag") == tag && again.field("Vary") == "Accept-Encoding")
        let fields = ["Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy"]
        #expect(fields.allSatisfy { plain.field($0) != nil && again.field($0) != nil }, "\(path)")
      }
    }
    #expect(try await service.client.get(String(asset)).field("Cache-Control")?.contains("immutable") == true)
  }

  @Test func `what is for one person is never compressed or kept`() async throws {
    let service = try await published()
    for path in [
      "/confirm/nonsense", "/subscribe", "/feedback", "/api/v1/councils", "/nowhere", "/subscribe?council=x",
    ] {
      let answer = try await service.client.get(path, headers: ["Accept-Encoding": "gzip"])
      #expect(answer.field("Content-Encoding") == nil && answer.field("Cache-Control") == "no-store", "\(path)")
    }
  }

  @Test func `a correction shows at once, to those who hold the page too`() async throws {
    let service = try await published()
    let path = "/councils/worcestershire/meetings/m"
    let tag = try #require(try await service.client.get(path).field("ETag"))
    var meeting = Samples.meeting()
    meeting["summary"] = "Corrected."
    _ = try await service.api("PUT", "/councils/worcestershire/meetings/m", meeting)
    let answer = try await service.client.get(path, headers: ["If-None-Match": tag])
    #expect(answer.status == 200 && answer.text.contains("Corrected."))
  }

  @Test func `the methods of an address are told, by OPTIONS and by 405`() async throws {
    let service = try await published()
    #expect(try await service.client.send("OPTIONS", "/subscribe").field("Allow") == "GET, HEAD, OPTIONS, POST")
    #expect(try await service.client.send("OPTIONS", "*").status == 204)
    let refused = try await service.client.send("DELETE", "/councils/worcestershire")
    #expect(refused.status == 405 && refused.field("Allow") == "GET, HEAD, OPTIONS")
    let head = try await service.client.send("HEAD", "/councils/worcestershire")
    #expect(head.status == 200 && head.body.isEmpty && head.field("Content-Length") != "0")
  }

  @Test func `a query that a page does not read changes nothing`() async throws {
    let service = try await published()
    let path = "/councils/worcestershire"
    let plain = try await service.client.get(path)
    let tagged = try await service.client.get(path + "?utm_source=letter", headers: ["Accept-Encoding": "gzip"])
    #expect(tagged.field("Content-Encoding") == "gzip" && tagged.field("Vary") == "Accept-Encoding")
    #expect(try await service.client.get(path + "?x=1").field("ETag") == plain.field("ETag"))
    #expect(
      try await service.client.get("/councils?filter=nothing-like-it").text != service.client.get("/councils").text
    )
  }

  @Test func `a write that is conditional on something else is refused and changes nothing`() async throws {
    let service = try await published()
    let path = "/api/v1/councils/worcestershire"
    let key = ["Authorization": "Bearer \(RunningService.key)"]
    func put(_ name: String, _ condition: (String, String)) async throws -> Int {
      let body = Array(#"{"name": "\#(name)"}"#.utf8)
      return try await service.client.send("PUT", path, headers: key.merging([condition]) { $1 }, body: body).status
    }
    let tag = try #require(try await service.client.get(path, headers: key).field("ETag"))
    #expect(try await put("Overwritten", ("If-None-Match", "*")) == 412)
    #expect(try await put("Overwritten", ("If-Match", "\"other\"")) == 412)
    #expect(try await service.client.get(path, headers: key).field("ETag") == tag)
    #expect(try await put("Renamed", ("If-Match", tag)) == 200)
    #expect(try await put("Renamed again", ("If-Match", tag)) == 412)
    let new = try await service.client.send(
      "PUT",
      "/api/v1/councils/new",
      headers: key.merging(["If-None-Match": "*"]) { $1 },
      body: Array(#"{"name": "New"}"#.utf8)
    )
    #expect(new.status == 201)
    let missing = try await service.client.send(
      "DELETE",
      "/api/v1/councils/none",
      headers: key.merging(["If-Match": "*"]) { $1 }
    )
    #expect(missing.status == 412)
  }

  @Test func `a compressed body is refused with what is taken instead`() async throws {
    let service = try await published()
    let coded = ["Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"]
    let answer = try await service.client.send(
      "POST",
      "/subscribe",
      headers: coded,
      body: Array("email=a%40b.example".utf8)
    )
    #expect(answer.status == 415 && answer.field("Accept-Encoding") == "identity")
  }

  @Test func `every answer has the security headers, also those that no page made`() async throws {
    let service = try await published()
    let shapes = [
      "GET\r\n\r\n", "GET / HTTP/3.0\r\n\r\n", "GET /\(String(repeating: "a", count: 9_000)) HTTP/1.1\r\n\r\n",
      "POST /subscribe HTTP/1.1\r\nHost: 127.0.0.1:\(service.port)\r\nContent-Length: 99999999\r\n\r\n",
    ]
    for shape in shapes {
      let answer = try HTTPExchange(parsing: try await service.client.exchange(Array(shape.utf8)))
      #expect(answer.status >= 400 && answer.field("X-Content-Type-Options") == "nosniff", "\(shape.prefix(40))")
      #expect(answer.field("Content-Security-Policy")?.contains("default-src 'none'") == true)
    }
  }

  @Test func `the access log names routes and requests, and neither tokens nor people`() async throws {
    let service = try await published(["http.access_log": "on", "http.trusted_proxies": "127.0.0.0/8"])
    let proxied = ["X-Request-ID": "from-the-proxy.1", "X-Forwarded-For": "203.0.113.9"]
    let answer = try await service.client.get("/confirm/secret-token?email=ann@example.org", headers: proxied)
    #expect(answer.status == 404 && answer.field("X-Request-ID") == "from-the-proxy.1")
    _ = try await service.client.get("/councils/worcestershire")
    _ = try await service.client.get("/councils/worcestershire")
    let line = try await eventually("the log has it") {
      service.log.split(separator: "\n").first { $0.contains("from-the-proxy.1") }
    }
    #expect(line.contains("route=/confirm/{token}") && line.contains("status=404") && line.contains("method=GET"))
    #expect(service.log.components(separatedBy: "route=/councils/{council} ").count >= 3)
    for secret in ["secret-token", "ann@example.org", "203.0.113.9", RunningService.key] {
      #expect(!service.log.contains(secret), "\(secret)")
    }
  }

  @Test func `behind a trusted proxy each client is counted for itself, and nobody else is believed`() async throws {
    let caps = ["signup.per_network_per_hour": "1"]
    let service = try await published(caps.merging(["http.trusted_proxies": "127.0.0.1, 10.0.0.0/8"]) { $1 })
    func signUp(_ address: String, _ forwarded: String, at service: RunningService) async throws -> Int {
      try await service.client.post(
        form: [("email", address), ("council", "worcestershire")],
        to: "/subscribe",
        headers: ["X-Forwarded-For": forwarded]
      ).status
    }
    #expect(try await signUp("a@example.org", "203.0.113.1", at: service) == 303)
    #expect(try await signUp("b@example.org", "198.51.100.7, 203.0.113.2:4711, 10.1.2.3", at: service) == 303)
    // What the client itself wrote stands to the left and counts for nothing.
    #expect(try await signUp("c@example.org", "198.51.100.8, 203.0.113.1", at: service) == 429)
    let direct = try await published(caps)
    #expect(try await signUp("a@example.org", "203.0.113.1", at: direct) == 303)
    #expect(try await signUp("b@example.org", "203.0.113.2", at: direct) == 429)
  }

  @Test func `out of descriptors it tells clients so, and recovers`() async throws {
    let service = try await RunningService(["http.limits.idle_seconds": "600"], descriptors: 72)
    var held: [RawConnection] = []
    for _ in 0..<120 { held.append(try RawConnection(port: service.port)) }
    let refused = try await held[119].readToEnd()
    #expect(refused.isEmpty || String(decoding: refused, as: UTF8.self).hasPrefix("HTTP/1.1 503"))
    // Those who came first are served all the while.
    try await held[0].write(Array("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    #expect(String(decoding: try await held[0].read(), as: UTF8.self).hasPrefix("HTTP/1.1 200"))
    // Connections leave the program what it needs for itself: its store, and Dispatch, which ends a process without.
    let numbers = try service.openDescriptors()
    #expect(numbers.count > 30 && numbers.allSatisfy { $0 < 72 - 16 }, "\(numbers)")
    held = []
    _ = try await eventually("it answers again") {
      try? await service.client.get("/healthz").status == 200 ? true : nil
    }
  }

  @Test func `what the server refuses by itself is a problem for programs and a page for people`() async throws {
    let service = try await RunningService()
    let port = service.port
    func raw(_ line: String, _ fields: String..., host: String? = nil, body: Int = 0) async throws -> HTTPExchange {
      let head =
        [line, "Host: \(host ?? "127.0.0.1:\(port)")"] + fields + (body > 0 ? ["Content-Length: \(body)"] : [])
      let bytes = Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + Array(repeating: 0x61, count: body)
      return try HTTPExchange(parsing: try await service.client.exchange(bytes))
    }
    let long = String(repeating: "a", count: 9_000)
    for (answer, status) in [
      (
        try await raw(
          "PUT /api/v1/topics/x HTTP/1.1",
          "Authorization: Bearer \(RunningService.key)",
          "Content-Length: 99999999"
        ), 413
      ),
      (try await raw("POST /api/v1/councils HTTP/1.1", "Content-Length: 99999999999"), 413),
      (try await raw("BREW /api/v1/councils?x=1 HTTP/1.1"), 501),
      (try await raw("GET /api/v1/councils HTTP/1.1", "Connection: close", host: "evil.example"), 421),
      (try await raw("PUT /api/v1/councils/x HTTP/1.1", host: "evil.example", body: 70_000), 421),
      (try await raw("GET /api/v1/councils?x=\(long) HTTP/1.1"), 414),
      (try await raw("POST /subscribe HTTP/1.1", "Content-Type: application/json", body: 70_000), 413),
    ] {
      #expect(answer.status == status && answer.field("Content-Type") == "application/problem+json", "\(answer.text)")
      #expect(try answer.object()["status"] as? Int == status)
      #expect(try (answer.object()["detail"] as? String ?? "").count > 10)
      #expect(answer.field("X-Content-Type-Options") == "nosniff" && answer.field("Cache-Control") == "no-store")
      #expect(status == 421 || answer.field("Connection") == "close")
    }
    for (answer, status) in [
      (try await raw("POST /feedback HTTP/1.1", body: 70_000), 413),
      (try await raw("POST /subscribe HTTP/1.1", body: 70_000), 413),
      (try await raw("GET /search?q=\(long) HTTP/1.1"), 414),
    ] {
      #expect(answer.status == status && answer.field("Content-Type") == "text/html; charset=utf-8", "\(answer.text)")
      #expect(answer.text.contains("<h1>") && answer.text.contains("too long") && answer.text.contains("</html>"))
      #expect(answer.field("Content-Security-Policy") != nil && answer.field("Connection") == "close")
    }
    let foreign = try await raw("POST /feedback HTTP/1.1", host: "evil.example", body: 70_000)
    #expect(foreign.status == 413 && foreign.field("Content-Type")?.hasPrefix("text/plain") == true)
    #expect(try await service.client.get("/", headers: ["Host": "evil.example"]).status == 421)
  }
}
