import HTTPTypes
import TestSupport
import Testing

@testable import HTTPServer

/// What a whole byte stream comes to: "GET /path [body]" per request, or the status it was rejected with.
private func outcomes(_ text: String, pieces: Int = .max, bodyLimit: Int = 1_000) -> [String] {
  let bytes = Array(text.utf8)
  var parser = RequestParser()
  var results: [String] = []
  var position = 0
  while true {
    let end = min(bytes.count, pieces == .max ? bytes.count : position + pieces)
    parser.append(bytes[position..<end])
    position = end
    stepping: while true {
      switch parser.next() {
      case .needsMore: break stepping
      case .head: parser.admitBody(maximumBytes: bodyLimit)
      case .piece: return results + ["a piece of a body that was admitted whole"]
      case .request(let head, let body):
        results.append("\(head.method.rawValue) \(head.path) [\(String(decoding: body, as: UTF8.self))]")
      case .rejected(let rejection):
        return results + ["\(rejection.status.code)"]
      }
    }
    if position == bytes.count { return results }
  }
}

@Suite struct RequestParserTests {
  static let cases: [(String, [String])] = [
    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", ["GET / []"]),
    ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", ["GET / []"]),
    ("\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", ["400"]),
    ("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n", ["GET /a []", "GET /b []"]),
    (
      "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
      ["POST /a [abc]", "GET /b []"]
    ),
    (
      "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
      ["POST /a [abcde]", "GET /b []"]
    ),
    ("GET http://b.example/x?y HTTP/1.1\r\nHost: a\r\n\r\n", ["GET /x []"]),
    ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", ["OPTIONS * []"]),
    ("GET / HTTP/1.0\r\n\r\n", ["GET / []"]),
    // Request line
    ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", ["400"]),
    ("GET /\r\nHost: a\r\n\r\n", ["400"]),
    ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", ["400"]),
    ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", ["400"]),
    ("GET /é HTTP/1.1\r\nHost: a\r\n\r\n", ["400"]),
    ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", ["400"]),
    ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", ["400"]),
    ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", ["400"]),
    ("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", ["501"]),
    ("get / HTTP/1.1\r\nHost: a\r\n\r\n", ["501"]),
    ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", ["501"]),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", ["505"]),
    ("GET / http/1.1\r\nHost: a\r\n\r\n", ["400"]),
    ("GET / HTTP/1.11\r\nHost: a\r\n\r\n", ["400"]),
    // Host
    ("GET / HTTP/1.1\r\n\r\n", ["400"]),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", ["400"]),
    ("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", ["400"]),
    ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", ["400"]),
    // Header lines
    ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", ["400"]),
    ("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", ["400"]),
    ("GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", ["400"]),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", ["400"]),
    ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", ["400"]),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n", ["400"]),
    ("GET / HTTP/1.1\nHost: a\n\n", ["400"]),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", ["400"]),
    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Type: a\r\nContent-Type: a\r\n\r\n", ["400"]),
    // Framing
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", ["400"]),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", ["400"]),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", ["400"]),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", ["400"]),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", ["413"]),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ["400"]),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n", ["400"]),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", ["501"]),
    ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", ["400"]),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n", ["400"]),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n", ["400"]),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n", ["400"]),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n", ["400"]),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n", ["413"]),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", ["400"]),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nbad trailer\r\n\r\n", ["400"]),
    ("POST / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\na", ["417"]),
  ]

  @Test(arguments: cases.indices)
  func `whole, byte by byte and in pieces come to the same`(_ index: Int) {
    let (text, expected) = Self.cases[index]
    #expect(outcomes(text) == expected, "\(text.debugDescription)")
    for pieces in [1, 2, 3, 7] { #expect(outcomes(text, pieces: pieces) == expected, "\(text.debugDescription)") }
  }

  @Test func `an upload in many small chunks is read`() {
    let chunks = String(repeating: "1\r\nx\r\n", count: 5_000)
    let text = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)0\r\n\r\n"
    #expect(outcomes(text, pieces: 999, bodyLimit: 5_000) == ["POST /a [\(String(repeating: "x", count: 5_000))]"])
    let extended =
      "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" + String(repeating: "x", count: 20_000)
    #expect(outcomes(extended) == ["400"])
  }

  @Test func `no bytes make the parser trap, and whole is the same as pieces`() {
    var generator = SplitMix(seed: 1)
    let pieces = [
      "GET", " ", "/", "HTTP/1.1", "\r\n", "Host: a", "\r\n\r\n", "Content-Length: 3", "Transfer-Encoding: chunked",
      "3", "abc", ":", "\t", "\0", "é",
      "0\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\n",
    ]
    for _ in 0..<3_000 {
      let text = (0..<Int.random(in: 1...14, using: &generator)).map { _ in
        pieces.randomElement(using: &generator) ?? ""
      }.joined()
      #expect(outcomes(text) == outcomes(text, pieces: 1), "\(text.debugDescription)")
    }
  }

  @Test func `a long request line is 414 before it ends`() {
    #expect(outcomes("GET /" + String(repeating: "a", count: 9_000), pieces: 1_000) == ["414"])
    #expect(
      outcomes("GET /\(String(repeating: "a", count: 8_000)) HTTP/1.1\r\nHost: a\r\n\r\n").first?.hasPrefix("GET")
        == true
    )
  }

  @Test func `large or many header fields are 431`() {
    let large = "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 40_000)
    #expect(outcomes(large, pieces: 4_000) == ["431"])
    #expect(outcomes(large + "\r\n\r\n") == ["431"])
    let many = String(repeating: "X: y\r\n", count: 120)
    #expect(outcomes("GET / HTTP/1.1\r\nHost: a\r\n\(many)\r\n") == ["431"])
  }

  @Test func `an absolute target replaces Host`() throws {
    var parser = RequestParser()
    parser.append(Array("GET http://b.example:81/x?q=1 HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    guard case .request(let head, _) = parser.next() else { throw RejectedUnexpectedly() }
    #expect(head.authority == "b.example:81")
    #expect(head.query == "q=1")
  }

  @Test func `nothing is read after a rejection`() {
    let text = "GET / HTTP/9.9\r\nHost: a\r\n\r\nGET /secret HTTP/1.1\r\nHost: a\r\n\r\n"
    #expect(outcomes(text) == ["505"])
  }

  private struct RejectedUnexpectedly: Error {}
}
