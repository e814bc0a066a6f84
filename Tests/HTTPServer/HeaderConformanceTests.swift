import TestSupport
import Testing

@testable import HTTPServer

/// Items 12 to 19: Host and the header section.
@Suite struct HeaderConformanceTests {
  @Test func `12 exactly one valid Host in 1-1`() async throws {
    let hosts = [
      "a@b", "a/b", "a,b", "a b", "", "a:b", "a:80:80", "[::1", "::1", "[]", "a\"", "a:123456", "[::g]", "é",
    ]
    try await conforms(
      [
        .init("GET / HTTP/1.1\r\n\r\n", "400"), .init("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400"),
        .init("GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n", "400"), .init("GET / HTTP/1.0\r\n\r\n", "GET / []"),
        .init("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
      ] + hosts.map { .init("GET / HTTP/1.1\r\nHost: \($0)\r\n\r\n", "400") }
        + ["a.example:8080", "[::1]:80", "127.0.0.1", "xn--e1afmkfd.example", "a:"].map {
          .init("GET / HTTP/1.1\r\nHost: \($0)\r\n\r\n", "GET / []")
        }
    )
  }

  @Test func `13 no space before the colon, no empty or odd name, no line without a colon`() async throws {
    try await conforms(
      ["X : y", "X\t: y", ": y", "X", "X(: y", "X\u{0}: y", "X y: z", "X\u{B}: y", "\"X\": y", "Content-Length : 0"].map
      {
        .init(request("GET / HTTP/1.1", $0), "400")
      }
    )
  }

  @Test func `14 folded lines are refused`() async throws {
    try await conforms([
      .init(request("GET / HTTP/1.1", "X: a", " b"), "400"), .init(request("GET / HTTP/1.1", "X: a", "\tb"), "400"),
      .init(request("POST / HTTP/1.1", "Transfer-Encoding:", " chunked", body: "0\r\n\r\n"), "400"),
    ])
  }

  @Test func `15 control bytes in a value are refused, obs-text passes`() async throws {
    try await conforms(
      (0...31).filter { ![9, 10, 13].contains($0) }.map {
        .init(request("GET / HTTP/1.1", "X: a\(Character(Unicode.Scalar(UInt8($0))))b"), "400")
      } + [
        .init(request("GET / HTTP/1.1", "X: a\u{7F}b"), "400"), .init(request("GET / HTTP/1.1", "X: a\tb"), "GET / []"),
        .init(request("GET / HTTP/1.1", "X: caf\u{E9}"), "GET / []"),
      ]
    )
    #expect(
      parsed(Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + [0x80, 0xFF] + Array("\r\n\r\n".utf8)) == ["GET / []"]
    )
  }

  @Test func `16 whitespace around a value is trimmed and names ignore case, in ASCII only`() async throws {
    try await conforms([
      .init("GET / HTTP/1.1\r\nhOsT: \t a \t\r\n\r\n", "GET / []"),
      .init("GET / HTTP/1.1\r\nHOST:a\r\n\r\n", "GET / []"),
      .init(request("POST / HTTP/1.1", "CONTENT-LENGTH:\t3 ", body: "abc"), "POST / [abc]"),
      .init(request("GET / HTTP/1.1", "X:"), "GET / []"),
      // A Kelvin sign lowers to k in Unicode: this is no expectation, and no name either.
      .init(request("GET / HTTP/1.1", "\u{212A}: y"), "400"),
    ])
  }

  @Test func `17 a header section that is too large or has too many fields is 431, to the byte`() async throws {
    let many = (0..<99).map { "X\($0): y" }.joined(separator: "\r\n")
    try await conforms([.init(request("GET / HTTP/1.1", many), "GET / []")])
    #expect(parsed(Array(request("GET / HTTP/1.1", many, "Z: y").utf8)) == ["431"])
    for (size, expected) in [(32_768, "GET / []"), (32_769, "431")] {
      // "Host: a" CRLF "X: " value: the section counts from the first field, without the last line's end.
      let value = String(repeating: "x", count: size - "Host: a\r\nX: \r\n".utf8.count)
      let bytes = Array(request("GET / HTTP/1.1", "X: \(value)").utf8)
      for cuts in [
        [], [bytes.count - 4], [bytes.count - 3], [bytes.count - 2], [bytes.count - 1], Array(bytes.indices),
      ] {
        #expect(parsed(bytes, cuts: cuts) == [expected], "\(size) \(cuts.count)")
      }
    }
    let echo = try EchoServer()
    let endless = try await echo.client.exchange(
      Array("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 100_000))".utf8)
    )
    #expect(try await StrictClient.read(endless, methods: ["GET"]).map(\.status) == [431])
    await echo.server.drain()
  }

  @Test func `18 empty list elements are ignored, singletons that come twice are refused`() async throws {
    try await conforms(
      [.init(request("GET / HTTP/1.1", "Connection: ,, close ,") + request("GET /b HTTP/1.1"), "GET / []")]
        + [
          "Content-Type: text/plain", "Content-Length: 0", "Origin: http://a", "Authorization: Bearer x",
          "Expect: 100-continue",
        ]
        .map { .init(request("POST / HTTP/1.1", $0, $0), "400") }
    )
  }

  @Test func `19 nothing is done before the header section is complete`() async throws {
    try await conforms([
      .init("GET / HTTP/1.1\r\nHost: a\r\n"), .init("DELETE /x HTTP/1.1\r\nHost: a\r\nX: y"),
      .init("GET / HTTP/1.1\r\n"),
      .init("GET"),
    ])
  }
}
