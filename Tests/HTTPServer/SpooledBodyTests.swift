import Foundation
import TestSupport
import Testing

@testable import HTTPServer

/// A body that goes into a file keeps what a body in memory has: its limit, its pace, and nothing is done with a part.
@Suite struct SpooledBodyTests {
  private func upload(_ bytes: [UInt8], chunked: Bool = false) -> [UInt8] {
    let head = "POST /spooled HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    guard chunked else { return Array("\(head)Content-Length: \(bytes.count)\r\n\r\n".utf8) + bytes }
    var message = Array("\(head)Transfer-Encoding: chunked\r\n\r\n".utf8)
    for start in stride(from: 0, to: bytes.count, by: 100_001) {
      let chunk = bytes[start..<min(start + 100_001, bytes.count)]
      message += Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8)
    }
    return message + Array("0\r\n\r\n".utf8)
  }

  @Test(arguments: [false, true])
  func `a large body arrives whole, with a length and in chunks`(_ chunked: Bool) async throws {
    let folder = try TemporaryFolder()
    let echo = try EchoServer(spoolFolder: folder.path)
    let text = (0..<400_000).map { "\($0) " }.joined()
    let answer = try HTTPExchange(
      parsing: try await echo.client.exchange(upload(Array(text.utf8), chunked: chunked))
    )
    #expect(answer.status == 200 && answer.text == "POST /spooled [\(text)]")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    let empty = try HTTPExchange(parsing: try await echo.client.exchange(upload([], chunked: chunked)))
    #expect(empty.text == "POST /spooled []")
    await echo.server.drain()
  }

  @Test func `requests behind it are answered in order`() async throws {
    let echo = try EchoServer()
    let body = String(repeating: "x", count: 200_000)
    let first = "POST /spooled HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n\(body)"
    let bytes = try await echo.client.exchange(
      Array((first + "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: close\r\n\r\ny").utf8)
    )
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.contains("POST /spooled [\(body)]") && text.hasSuffix("POST /b [y]"))
    await echo.server.drain()
  }

  @Test func `more than the limit is 413, before it is sent where the length is known`() async throws {
    let echo = try EchoServer()
    let known = "POST /spooled HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 50000001\r\n\r\n"
    #expect(try HTTPExchange(parsing: try await echo.client.exchange(Array(known.utf8))).status == 413)
    let unknown = upload([UInt8](repeating: 0x61, count: 50_000_001), chunked: true)
    #expect(try HTTPExchange(parsing: try await echo.client.exchange(unknown)).status == 413)
    await echo.server.drain()
  }

  @Test func `a folder that takes nothing is 503`() async throws {
    let echo = try EchoServer(spoolFolder: "/nonexistent")
    let answer = try HTTPExchange(
      parsing: try await echo.client.exchange(upload([UInt8](repeating: 0x61, count: 300_000)))
    )
    #expect(answer.status == 503 && answer.field("retry-after") == "60")
    await echo.server.drain()
  }

  @Test func `who trickles gets 408, who leaves nothing`() async throws {
    var limits = Limits()
    limits.bodyDeadline = .milliseconds(400)
    let echo = try EchoServer(limits: limits)
    let slow = try RawConnection(port: echo.client.port)
    try await slow.write(Array("POST /spooled HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nab".utf8))
    try await slow.write(Array("c".utf8))
    #expect(try HTTPExchange(parsing: try await slow.readToEnd()).status == 408)
    let patient = try EchoServer()
    let gone = try RawConnection(port: patient.client.port)
    try await gone.write(Array("POST /spooled HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc".utf8))
    gone.endWriting()
    #expect(try await gone.readToEnd().isEmpty)
    await patient.server.drain()
    await echo.server.drain()
  }

  @Test func `a server that drains takes the rest of what is under way`() async throws {
    let echo = try EchoServer()
    let connection = try RawConnection(port: echo.client.port)
    let head = "POST /spooled HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 200000\r\n\r\n"
    try await connection.write(Array(head.utf8))
    #expect(String(decoding: try await connection.read(), as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
    let half = String(repeating: "x", count: 100_000)
    try await connection.write(Array(half.utf8))
    async let drained: Void = echo.server.drain()
    try await connection.write(Array(half.utf8))
    let answer = try HTTPExchange(parsing: try await connection.readToEnd())
    #expect(answer.status == 200 && answer.text == "POST /spooled [\(half)\(half)]")
    await drained
  }

  @Test func `the time the disk takes is not the client's`() {
    let start = ContinuousClock.now
    let patience = Patience.keeping(Pace(from: start, allowance: .seconds(30), bytesPerSecond: 1_024))
    #expect(patience.isOver(at: start + .seconds(31)))
    #expect(!patience.postponed(by: .seconds(10)).isOver(at: start + .seconds(39)))
    #expect(patience.postponed(by: .seconds(10)).isOver(at: start + .seconds(40)))
  }
}
