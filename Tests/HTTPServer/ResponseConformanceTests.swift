import HTTPTypes
import TestSupport
import Testing

@testable import HTTPServer

/// Items 29 to 39: expectations, methods and what answers look like.
@Suite struct ResponseConformanceTests {
  private func ask(_ text: String, _ method: String = "GET") async throws -> (StrictClient.Answer, raw: String) {
    let echo = try EchoServer()
    let connection = try RawConnection(port: echo.client.port)
    try await connection.write(Array(text.utf8))
    connection.endWriting()
    let bytes = try await connection.readToEnd()
    let answers = try await StrictClient.read(bytes, methods: [method])
    await echo.server.drain()
    return (try #require(answers.first), String(decoding: bytes, as: UTF8.self))
  }

  private func get(_ path: String, _ fields: String...) async throws -> StrictClient.Answer {
    try await ask("GET \(path) HTTP/1.1\r\nHost: a\r\n" + fields.map { "\($0)\r\n" }.joined() + "\r\n").0
  }

  @Test func `29 100-continue is answered at once, never to 1-0, and other expectations are 417`() async throws {
    let echo = try EchoServer()
    let connection = try RawConnection(port: echo.client.port)
    try await connection.write(Array(request("POST / HTTP/1.1", "Expect: 100-Continue", "Content-Length: 3").utf8))
    #expect(String(decoding: try await connection.read(), as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
    try await connection.write(Array("abc".utf8))
    connection.endWriting()
    #expect(
      try await StrictClient.read(try await connection.readToEnd(), methods: ["POST"]).map(\.body) == ["POST / [abc]"]
    )
    let older = try await echo.client.exchange(
      Array("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc".utf8)
    )
    #expect(String(decoding: older, as: UTF8.self).hasPrefix("HTTP/1.1 200"))
    let refused = try await echo.client.exchange(
      Array(request("POST / HTTP/1.1", "Expect: 100-continue", "Content-Length: 3000").utf8)
    )
    #expect(try await StrictClient.read(refused, methods: ["POST"]).map(\.status) == [413])
    await echo.server.drain()
    try await conforms([
      .init(request("POST / HTTP/1.1", "Expect: miracles", "Content-Length: 1", body: "a"), "417"),
      .init(request("GET / HTTP/1.1", "Expect: 100-continue"), "GET / []"),
      .init("POST / HTTP/1.0\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\na", "POST / [a]"),
    ])
  }

  @Test func `30 HEAD has the fields of GET and no content`() async throws {
    let (head, raw) = try await ask(request("HEAD /etag HTTP/1.1"), "HEAD")
    let get = try await get("/etag")
    #expect(raw.hasSuffix("\r\n\r\n") && head.field("Content-Length") == "\(get.body.utf8.count + 1)")
    #expect(head.fields.map(\.name) == get.fields.map(\.name))
    for wrong in [
      "HEAD / HTTP/1.1\r\n\r\n", "HEAD / HTTP/3.0\r\n\r\n", request("HEAD / HTTP/1.1", "Transfer-Encoding: x"),
      request("HEAD / HTTP/1.1", "Content-Length: 9999"), request("HEAD /refused HTTP/1.1", "Content-Length: 5"),
      "HEAD /" + String(repeating: "a", count: 9_000),
    ] {
      let (answer, raw) = try await ask(wrong, "HEAD")
      #expect(answer.status >= 400 && raw.hasSuffix("\r\n\r\n"), "\(wrong.prefix(60).debugDescription)")
    }
  }

  @Test func `31 OPTIONS works on anything`() async throws {
    try await conforms([
      .init(request("OPTIONS /x HTTP/1.1"), "OPTIONS /x []"), .init(request("OPTIONS * HTTP/1.1"), "OPTIONS * []"),
    ])
    guard
      case .methodNotAllowed(let allowed) = Router([Route(.get, "/x") { _ in .text(.ok, "") }]).match(.options, "/x")
    else { throw TestFault("OPTIONS of a known path names its methods") }
    #expect(allowed == [.get, .head, .options])
  }

  @Test func `32 Date stands in every answer, in its preferred form`() async throws {
    let answer = try await get("/x")
    #expect(answer.field("Date")?.count == 29)
    #expect(HTTPDate.format(secondsSince1970: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
  }

  @Test func `33 no body is framed in 204 and 304, and nothing is chunked`() async throws {
    let empty = try await get("/empty")
    #expect(empty.status == 204 && empty.field("Content-Length") == nil)
    #expect(try await get("/etag", "If-None-Match: \"a\"").field("Content-Length") == nil)
    #expect(try await ask("GET / HTTP/1.0\r\n\r\n").0.field("Transfer-Encoding") == nil)
  }

  @Test func `34 an empty reason keeps the space before it`() async throws {
    #expect(try await ask(request("GET /odd HTTP/1.1")).raw.hasPrefix("HTTP/1.1 299 \r\n"))
  }

  @Test func `35 a body says its type and charset`() async throws {
    #expect(try await get("/x").field("Content-Type") == "text/plain; charset=utf-8")
    #expect(try await ask(request("GET / HTTP/3.0")).0.field("Content-Type") == "text/plain; charset=utf-8")
  }

  @Test func `36 conditions follow the order of RFC 9110, with three forms of date`() async throws {
    for tag in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*", "\"b\",,\"a\""] {
      let answer = try await get("/etag", "If-None-Match: \(tag)")
      #expect(answer.status == 304 && answer.field("ETag") == "\"a\"" && answer.field("Content-Type") == nil, "\(tag)")
    }
    #expect(try await get("/etag", "If-None-Match: \"b\"").status == 200)
    #expect(try await get("/etag", "If-None-Match: \"b\"", "If-None-Match: \"a\"").status == 304)
    #expect(try await get("/etag", "If-Match: \"b\"").status == 412)
    #expect(try await get("/etag", "If-Match: W/\"a\"").status == 412)
    #expect(try await get("/etag", "If-Match: \"a\"").status == 200)
    #expect(try await get("/x", "If-None-Match: *").status == 200)
    for date in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
      #expect(try await get("/dated", "If-Modified-Since: \(date)").status == 304, "\(date)")
      #expect(try await get("/dated", "If-Unmodified-Since: \(date)").status == 200)
      #expect(try await get("/dated", "If-None-Match: \"x\"", "If-Modified-Since: \(date)").status == 200)
    }
    #expect(try await get("/dated", "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT").status == 200)
    #expect(try await get("/dated", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT").status == 412)
    #expect(try await get("/dated", "If-Modified-Since: yesterday").status == 200)
  }

  @Test(arguments: [
    ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777), ("Sun Nov 16 08:49:37 1994", 784_975_777),
    ("Tuesday, 01-Jan-80 00:00:01 GMT", 315_532_801), ("Tue, 29 Feb 2028 00:00:00 GMT", 1_835_395_200),
  ])
  func `36 dates are read, and two digits of a year mean the nearest century`(_ text: String, _ seconds: Int) {
    #expect(HTTPDate.parse(text, now: 1_795_000_000) == seconds)
  }

  @Test(arguments: [
    "", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37 BST", "Sun, 32 Nov 1994 08:49:37 GMT", "1994-11-06",
  ])
  func `36 what is no date is none`(_ text: String) {
    #expect(HTTPDate.parse(text, now: 1_795_000_000) == nil)
  }

  @Test func `37 Range is ignored`() async throws {
    let answer = try await get("/x", "Range: bytes=0-1")
    #expect(answer.status == 200 && answer.body == "GET /x []")
  }

  @Test(arguments: [
    ("gzip", true), ("GZIP", true), ("x-gzip", true), ("*", true), ("deflate, gzip;q=0.5", true), ("gzip; q=1.0", true),
    ("identity;q=0, gzip;q=0.001", true), ("", false), ("identity", false), ("gzip;q=0", false),
    ("gzip;q=0.000", false),
    ("*;q=0", false), ("*, gzip;q=0", false), ("br", false), ("gzip;q=0.2, identity;q=0.5", false), ("gzip;q=a", false),
  ])
  func `38 gzip is sent only where Accept-Encoding allows it`(_ value: String, _ expected: Bool) {
    #expect(ContentCoding.acceptsGzip(Array(value.utf8)) == expected)
  }

  @Test func `38 a prepared answer has a tag for each coding and tells caches so`() async throws {
    var page = Response(status: .ok, fields: [.contentType: "text/plain; charset=utf-8", .eTag: "\"p\""], body: [0x61])
    page.fields[.cacheControl] = "public"
    let prepared = PreparedResponse(page, gzip: [0x1F, 0x8B])
    let echo = try EchoServer { $0.prepared = { head, _ in head.path == "/page" ? prepared : nil } }
    func get(_ fields: [String: String], _ method: String = "GET") async throws -> HTTPExchange {
      try await echo.client.send(method, "/page", headers: fields)
    }
    let plain = try await get([:])
    let coded = try await get(["Accept-Encoding": "gzip"])
    #expect(plain.text == "a" && plain.field("ETag") == "\"p\"" && plain.field("Vary") == "Accept-Encoding")
    #expect(
      coded.body == [0x1F, 0x8B] && coded.field("ETag") == "\"p-gzip\"" && coded.field("Vary") == "Accept-Encoding"
    )
    #expect(try await get(["Accept-Encoding": "gzip", "If-None-Match": "\"p-gzip\""]).status == 304)
    #expect(try await get(["Accept-Encoding": "gzip", "If-None-Match": "\"p\""]).status == 200)
    #expect(try await get(["If-None-Match": "\"x\", W/\"p\""]).status == 304)
    #expect(try await get(["Accept-Encoding": "gzip"], "HEAD").field("Content-Length") == "2")
    // The responder words what a prepared answer can't.
    #expect(try await get(["Range": "bytes=0-0", "If-Match": "\"x\""]).field("X-Echo") == "GET /page []")
    await echo.server.drain()
  }

  @Test func `39 an upgrade is ignored`() async throws {
    try await conforms([
      .init(
        request("GET / HTTP/1.1", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAM"),
        "GET / []"
      )
    ])
  }
}
