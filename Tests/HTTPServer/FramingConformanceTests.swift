import TestSupport
import Testing

@testable import HTTPServer

/// Items 20 to 28: where a body ends.
@Suite struct FramingConformanceTests {
  private func chunked(_ body: String, _ fields: String...) -> String {
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + fields.map { "\($0)\r\n" }.joined() + "\r\n" + body
  }

  @Test func `20 Content-Length is digits, once`() async throws {
    try await conforms(
      [
        "+3", "-3", "3 3", "0x3", "3,", "3, 3", "3, 4", "٣", "", "3.0", "1e1", "99999999999999999999",
        "18446744073709551619", "3;a",
      ].map { .init(request("POST / HTTP/1.1", "Content-Length: \($0)", body: "abc"), "400") } + [
        .init(request("POST / HTTP/1.1", "Content-Length: 3", "Content-Length: 4", body: "abcd"), "400"),
        .init(request("POST / HTTP/1.1", "Content-Length: 003", body: "abc"), "POST / [abc]"),
        .init(request("POST / HTTP/1.1", "Content-Length: 0") + request("GET /b HTTP/1.1"), "POST / []", "GET /b []"),
      ]
    )
  }

  @Test func `21 Transfer-Encoding beside Content-Length is refused`() async throws {
    try await conforms([
      .init(request("POST / HTTP/1.1", "Content-Length: 3", "Transfer-Encoding: chunked", body: "0\r\n\r\n"), "400"),
      .init(request("POST / HTTP/1.1", "Transfer-Encoding: chunked", "Content-Length: 3", body: "0\r\n\r\n"), "400"),
      .init(request("POST / HTTP/1.1", "Transfer-Encoding: x", "Content-Length: 3", body: "abc"), "400"),
    ])
  }

  @Test func `22 the final coding is chunked, no other is known, and HTTP-1-0 has none`() async throws {
    try await conforms(
      [
        "identity", "chunked, identity", "chunked, chunked", "xchunked", "chunked;q=1", "", ",chunked", "\"chunked\"",
        "gzip",
      ]
      .map { .init(request("POST / HTTP/1.1", "Transfer-Encoding: \($0)", body: "0\r\n\r\n"), "400") } + [
        .init(request("POST / HTTP/1.1", "Transfer-Encoding: gzip, chunked", body: "0\r\n\r\n"), "501"),
        .init(
          request("POST / HTTP/1.1", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked", body: "0\r\n\r\n"),
          "400"
        ),
        .init("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
        .init(request("POST / HTTP/1.1", "TRANSFER-ENCODING: CHUNKED", body: "0\r\n\r\n"), "POST / []"),
      ]
    )
  }

  @Test func `23 without either field there is no body`() async throws {
    try await conforms([
      .init(request("POST /a HTTP/1.1") + request("GET /b HTTP/1.1"), "POST /a []", "GET /b []"),
      .init(request("GET /a HTTP/1.1", body: "abc"), "GET /a []"),
      .init(
        request("GET /a HTTP/1.1", "Content-Length: 3", body: "abc") + request("GET /b HTTP/1.1"),
        "GET /a [abc]",
        "GET /b []"
      ),
    ])
  }

  @Test func `24 chunks are decoded, sizes guarded, extensions ignored and bounded`() async throws {
    try await conforms(
      [
        .init(chunked("3\r\nabc\r\n2;x=y;z=\"a;b\"\r\nde\r\n0;last\r\n\r\n"), "POST / [abcde]"),
        .init(chunked("00A\r\n0123456789\r\n000\r\n\r\n"), "POST / [0123456789]"),
        .init(chunked("3 ;x\r\nabc\r\n0\r\n\r\n"), "POST / [abc]"), .init(chunked("3e9\r\n"), "413"),
        .init(chunked("1;\(String(repeating: "x", count: 17_000))"), "400"),
      ]
        + [
          "3\r\nabcX\r\n", "0x3\r\nabc\r\n", "-3\r\n", "+3\r\nabc\r\n", "3\nabc\r\n", "3\r\nabc\n0\r\n\r\n", "\r\n",
          "g\r\n",
          "3 \r\nabc\r\n", " 3\r\nabc\r\n", "3\u{0}\r\n", "ffffffffffffffff\r\n", "8000000000000000\r\n", "3,\r\n",
          "3;a\u{1}\r\n", "3;a\rb\r\n", "3\r\nabc0\r\n\r\n", "3;a\n\r\nabc",
        ].map { .init(chunked($0), "400") }
    )
  }

  @Test func `25 trailers are checked, bounded and dropped`() async throws {
    try await conforms([
      .init(
        chunked("0\r\nContent-Length: 5\r\nHost: b\r\n\r\n") + request("GET /b HTTP/1.1"),
        "POST / []",
        "GET /b []"
      ),
      .init(chunked("0\r\nnot a field\r\n\r\n"), "400"), .init(chunked("0\r\nX : y\r\n\r\n"), "400"),
      .init(chunked("0\r\n folded\r\n\r\n"), "400"),
      .init(chunked("0\r\n" + String(repeating: "X: yyyyyyyy\r\n", count: 1_500) + "\r\n"), "400"),
    ])
    let echo = try EchoServer()
    let text = chunked("0\r\nX-Echo: merged\r\n\r\n", "Connection: close")
    let answer = try await StrictClient.read(try await echo.client.exchange(Array(text.utf8)), methods: ["POST"])
    #expect(answer.map { $0.field("X-Echo") } == ["POST / []"])
    await echo.server.drain()
  }

  @Test func `26 a message that ends early is never acted on`() async throws {
    try await conforms([
      .init(request("POST / HTTP/1.1", "Content-Length: 4", body: "abc")), .init(chunked("3\r\nabc\r\n")),
      .init(chunked("3\r\nab")), .init(chunked("0\r\n")), .init(chunked("0\r\nX: y\r\n")),
      .init(request("GET /a HTTP/1.1") + "GET /b HT", "GET /a []"),
    ])
  }

  @Test func `27 a body nobody read is not taken for a request`() async throws {
    let smuggled = request("GET /smuggled HTTP/1.1")
    try await conforms([
      .init(
        request("POST / HTTP/1.1", "Content-Length: \(smuggled.utf8.count)", body: smuggled)
          + request("GET /b HTTP/1.1"),
        "POST / [GET /smuggled HTTP/1.1|Host: a||]",
        "GET /b []"
      )
    ])
    let echo = try EchoServer()
    let text = request("POST /refused HTTP/1.1", "Content-Length: \(smuggled.utf8.count)", body: smuggled)
    let answers = try await StrictClient.read(try await echo.client.exchange(Array(text.utf8)), methods: ["POST"])
    #expect(answers.map(\.status) == [403] && answers[0].field("Connection") == "close")
    await echo.server.drain()
  }

  @Test func `28 a body over the route's limit is 413 and the connection closes`() async throws {
    let text = String(repeating: "x", count: EchoServer.admitted + 1)
    try await conforms([
      .init(request("POST / HTTP/1.1", "Content-Length: 1001", body: text) + request("GET /b HTTP/1.1"), "413"),
      .init(chunked("3e8\r\n\(text.dropLast())\r\n1\r\nx\r\n0\r\n\r\n") + request("GET /b HTTP/1.1"), "413"),
      .init(
        request("POST / HTTP/1.1", "Content-Length: 1000", body: String(text.dropLast())),
        "POST / [\(text.dropLast())]"
      ),
    ])
  }
}
