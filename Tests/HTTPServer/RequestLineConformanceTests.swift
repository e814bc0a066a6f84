import Testing

/// Items 1 to 11 of the checklist of RFC 9110 and 9112: the request line and its target.
@Suite struct RequestLineConformanceTests {
  @Test func `1 octets are parsed, not characters`() async throws {
    try await conforms([
      .init(request("GET /\u{E9} HTTP/1.1"), "400"),
      // CRLF is one Character in Swift, and a combining accent joins the byte before it.
      .init(request("GET / HTTP/1.1", "X: a\u{301}\u{E9}"), "GET / []"),
      .init(request("GET / HTTP/1.1", "X\u{301}: a"), "400"),
      .init(request("GET / HTTP/1.1", "X: a", "\u{FEFF}Y: b"), "400"),
    ])
  }

  @Test func `2 a few empty lines before a request are ignored`() async throws {
    try await conforms([
      .init("\r\n" + request("GET / HTTP/1.1"), "GET / []"),
      .init("\r\n\r\n\r\n\r\n" + request("GET / HTTP/1.1"), "GET / []"),
      .init("\r\n\r\n\r\n\r\n\r\n" + request("GET / HTTP/1.1"), "400"),
      .init(request("GET /a HTTP/1.1") + "\r\n" + request("GET /b HTTP/1.1"), "GET /a []", "GET /b []"),
      .init("\r\n"),
    ])
  }

  @Test func `3 lines end in CRLF and nothing else`() async throws {
    try await conforms([
      .init("GET / HTTP/1.1\nHost: a\n\n", "400"),
      .init("GET / HTTP/1.1\r\nHost: a\n\r\n", "400"),
      .init("GET / HTTP/1.1\r\nHost: a\r\n\n", "400"),
      .init("GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", "400"),
      .init("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", "400"),
      .init("\n" + request("GET / HTTP/1.1"), "400"),
    ])
  }

  @Test func `4 method, target and version stand with one space between and nothing is corrected`() async throws {
    try await conforms([
      .init(request("GET  / HTTP/1.1"), "400"), .init(request("GET /  HTTP/1.1"), "400"),
      .init(request("GET / HTTP/1.1 "), "400"), .init(request(" GET / HTTP/1.1"), "400"),
      .init(request("GET\t/ HTTP/1.1"), "400"), .init(request("GET /"), "400"), .init(request("GET"), "400"),
      .init(request("GET / http/1.1"), "400"), .init(request("GET / HTTP/1.11"), "400"),
      .init(request("GET / HTTP/01.1"), "400"), .init(request("GET / HTTP/1"), "400"),
      .init(request("GET / HTTP/1,1"), "400"), .init(request("GET / HTTP/a.1"), "400"),
      .init(request("GET / HTTPS/1.1"), "400"), .init(request("GET /a b HTTP/1.1"), "400"),
    ])
  }

  @Test func `5 whitespace between the request line and the first field is refused`() async throws {
    try await conforms([
      .init("GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400"),
      .init("GET / HTTP/1.1\r\n\tX: y\r\nHost: a\r\n\r\n", "400"),
      .init("GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n", "400"),
    ])
  }

  @Test func `6 an unknown method is 501, and its case counts`() async throws {
    try await conforms([
      .init(request("BREW / HTTP/1.1"), "501"), .init(request("get / HTTP/1.1"), "501"),
      .init(request("Get / HTTP/1.1"), "501"), .init(request("G@T / HTTP/1.1"), "400"),
      .init(request("GET: / HTTP/1.1"), "400"), .init(request("PROPFIND / HTTP/1.1"), "501"),
    ])
  }

  @Test func `7 8,000 octets of request line are taken, a longer target is 414, a long method 501`() async throws {
    try await conforms([
      .init(
        request("GET /\(String(repeating: "a", count: 7_985)) HTTP/1.1"),
        "GET /\(String(repeating: "a", count: 7_985)) []"
      )
    ])
    let long = Array(request("GET /\(String(repeating: "a", count: 9_000)) HTTP/1.1").utf8)
    for cuts in [[], [8_192], [8_193], [8_194], Array(stride(from: 1, to: long.count, by: 97))] {
      #expect(parsed(long, cuts: cuts) == ["414"])
    }
    // At the limit itself, to the byte.
    for (length, expected) in [(8_192, "GET"), (8_193, "414")] {
      let target = "/" + String(repeating: "a", count: length - "GET / HTTP/1.1".utf8.count)
      let bytes = Array(request("GET \(target) HTTP/1.1").utf8)
      for cuts in [[], [8_191], [8_192], [8_193], [8_194], Array(bytes.indices)] {
        #expect(parsed(bytes, cuts: cuts).first?.hasPrefix(expected) == true, "\(length)")
      }
    }
    try await conforms([.init(request("\(String(repeating: "A", count: 100)) / HTTP/1.1"), "501")])
    let method = Array(request("\(String(repeating: "A", count: 20_000)) / HTTP/1.1").utf8)
    for cuts in [[], [33], [8_194], Array(stride(from: 1, to: method.count, by: 101))] {
      #expect(parsed(method, cuts: cuts) == ["501"])
    }
  }

  @Test func `1 what begins like TLS is refused at its first byte`() {
    #expect(parsed([0x16]) == ["400"] && parsed([0x16, 0x03, 0x01], cuts: [1]) == ["400"] && parsed([0x20]) == ["400"])
  }

  @Test func `8 any minor version of 1 is 1.1, other majors are 505, 1.0 works and closes`() async throws {
    try await conforms([
      .init(request("GET / HTTP/1.2"), "GET / []"), .init(request("GET / HTTP/1.9"), "GET / []"),
      .init(request("GET / HTTP/2.0"), "505"), .init(request("GET / HTTP/0.9"), "505"),
      .init("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"),
      .init("GET / HTTP/1.0\r\n\r\n", "GET / []"),
    ])
  }

  @Test func `9 an absolute target is taken and its host replaces Host`() async throws {
    try await conforms([
      .init(request("GET http://b.example/x?y HTTP/1.1"), "GET /x []"),
      .init(request("GET HTTP://b.example:81 HTTP/1.1"), "GET / []"),
      .init(request("GET http://[::1]:8080?q HTTP/1.1"), "GET / []"),
      .init("GET http://b.example/ HTTP/1.1\r\n\r\n", "400"),
      .init(request("GET http:///x HTTP/1.1"), "400"), .init(request("GET http://u@b/ HTTP/1.1"), "400"),
      .init(request("GET ftp://b/ HTTP/1.1"), "400"), .init(request("GET a HTTP/1.1"), "400"),
    ])
    let echo = try EchoServer()
    // An https address is not answered on an unsecured connection (RFC 9110 §7.4).
    #expect(try await echo.client.send("GET", "https://b.example/x", headers: ["Host": "a"]).status == 421)
    let answer = try await echo.client.send("GET", "http://b.example:81/x", headers: ["Host": "a"])
    #expect(answer.field("X-Authority") == "b.example:81")
    await echo.server.drain()
  }

  @Test func `10 the asterisk is for OPTIONS, an authority is for CONNECT, and neither CONNECT nor TRACE is known`()
    async throws
  {
    try await conforms([
      .init(request("OPTIONS * HTTP/1.1"), "OPTIONS * []"), .init(request("GET * HTTP/1.1"), "400"),
      .init(request("CONNECT a:80 HTTP/1.1"), "501"), .init(request("TRACE / HTTP/1.1"), "501"),
      .init(request("GET a:80 HTTP/1.1"), "400"),
    ])
  }

  @Test func `11 fragments, spaces, control bytes and other than ASCII in a target are 400`() async throws {
    try await conforms([
      .init(request("GET /a#b HTTP/1.1"), "400"), .init(request("GET /a\u{1}b HTTP/1.1"), "400"),
      .init(request("GET /a\u{7F} HTTP/1.1"), "400"), .init(request("GET /a\tb HTTP/1.1"), "400"),
      .init(request("GET /%2e%2e%2fetc HTTP/1.1"), "GET /%2e%2e%2fetc []"),
    ])
  }
}
