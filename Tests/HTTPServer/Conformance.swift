import TestSupport
import Testing

@testable import HTTPServer

/// Bytes, and what they come to: "GET /path [body]" for each request that is processed, a status for a rejection.
struct ConformanceCase {
  var text: String
  var expected: [String]

  init(_ text: String, _ expected: String...) {
    self.text = text
    self.expected = expected
  }
}

/// What a whole byte stream comes to, fed to the pure parser in the pieces that `cuts` make.
func parsed(
  _ bytes: [UInt8],
  cuts: [Int] = [],
  limits: Limits = Limits(),
  inPieces: Bool = false
) -> [String] {
  var parser = RequestParser(limits: limits)
  var results: [String] = []
  var pieces: [UInt8] = []
  var start = 0
  for end in cuts + [bytes.count] {
    parser.append(bytes[start..<end])
    start = end
    stepping: while true {
      switch parser.next() {
      case .needsMore: break stepping
      case .head(let head):
        let maximum = head.path == "/large" ? 10_000_000 : EchoServer.admitted
        parser.admitBody(maximumBytes: maximum, inPieces: inPieces)
      case .piece(let piece): pieces += piece
      case .request(let head, let body):
        results.append(EchoServer.outcome(head.method, head.path, pieces + body))
        pieces = []
        guard head.keepsAlive else { return results }
      case .rejected(let rejection): return results + ["\(rejection.status.code)"]
      }
    }
  }
  return results
}

/// Holds cases against the pure parser, whole, byte by byte and cut once at every byte; then against a server over a real
/// socket, whole and byte by byte, where a strict client reads the answers and the connection must end.
func conforms(_ cases: [ConformanceCase], sourceLocation: SourceLocation = #_sourceLocation) async throws {
  // Bytes one by one take their time on a busy machine; deadlines have tests of their own.
  var limits = Limits()
  limits.headDeadline = .seconds(300)
  limits.bodyDeadline = .seconds(300)
  let echo = try EchoServer(limits: limits)
  for one in cases {
    let bytes = Array(one.text.utf8)
    let name = Comment(rawValue: one.text.debugDescription)
    #expect(parsed(bytes) == one.expected, name, sourceLocation: sourceLocation)
    #expect(parsed(bytes, cuts: Array(bytes.indices)) == one.expected, name, sourceLocation: sourceLocation)
    #expect(parsed(bytes, inPieces: true) == one.expected, name, sourceLocation: sourceLocation)
    #expect(
      parsed(bytes, cuts: Array(bytes.indices), inPieces: true) == one.expected,
      name,
      sourceLocation: sourceLocation
    )
    // A long text is the same thing over and over: cutting it at every byte would only take a square of its time.
    let differing = stride(from: 0, to: bytes.count, by: max(1, bytes.count / 500)).first {
      parsed(bytes, cuts: [$0]) != one.expected
    }
    #expect(differing == nil, name, sourceLocation: sourceLocation)
    for isWhole in bytes.count < 2_000 ? [true, false] : [true] {
      let over = try await answers(to: bytes, on: echo, isWhole: isWhole)
      #expect(over == one.expected, name, sourceLocation: sourceLocation)
    }
  }
  await echo.server.drain()
}

/// Sends bytes, shuts our side and reads until the server closes.
private func answers(to bytes: [UInt8], on echo: EchoServer, isWhole: Bool) async throws -> [String] {
  let connection = try RawConnection(port: echo.client.port)
  let pieces = isWhole ? [bytes] : bytes.map { [$0] }
  try await connection.write(pieces: pieces)
  connection.endWriting()
  let methods = requestMethods(bytes)
  return try await StrictClient.read(try await connection.readToEnd(), methods: methods)
    .map { $0.field("X-Echo") ?? "\($0.status)" }
}

/// The method of every request in a stream as a reader of the answers needs them: which were HEAD.
private func requestMethods(_ bytes: [UInt8]) -> [String] {
  let lines = String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "\n").split(separator: "\n")
  let methods = lines.filter { $0.contains(" HTTP/1.") }.map { $0.hasPrefix("HEAD ") ? "HEAD" : "GET" }
  return methods + ["GET", "GET"]
}

/// A request with the given lines after the request line.
func request(_ line: String, _ fields: String..., body: String = "") -> String {
  "\(line)\r\n" + (["Host: a"] + fields).map { "\($0)\r\n" }.joined() + "\r\n" + body
}
