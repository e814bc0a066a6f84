import Foundation
import HTTPTypes
import Synchronization
import TestSupport
import Testing

@testable import HTTPServer

@Suite struct ServerTests {
  @Test func `answers requests in order on one connection`() async throws {
    let echo = try EchoServer()
    let requests = (1...20).map { "GET /\($0 == 5 ? "slow" : "\($0)") HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
    let bytes = try await echo.client.exchange(
      Array((requests + "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").utf8)
    )
    let text = String(decoding: bytes, as: UTF8.self)
    let expected = (1...20).map { "GET /\($0 == 5 ? "slow" : "\($0)") []" } + ["GET /last []"]
    let bodies = text.components(separatedBy: "\r\n\r\n").dropFirst().map { $0.components(separatedBy: "HTTP/1.1")[0] }
    #expect(Array(bodies) == expected)
    await echo.server.drain()
  }

  @Test func `HEAD tells the length and sends no body`() async throws {
    let echo = try EchoServer()
    let answer = try await echo.client.send("HEAD", "/x")
    #expect(answer.status == 200)
    #expect(answer.field("content-length") == "10")
    #expect(answer.body.isEmpty)
    #expect(answer.field("date")?.hasSuffix("GMT") == true)
    await echo.server.drain()
  }

  @Test func `a body over the route's limit is 413 and the reason arrives`() async throws {
    let echo = try EchoServer()
    let answer = try await echo.client.send("POST", "/x", body: [UInt8](repeating: 0, count: 2_000_000))
    #expect(answer.status == 413)
    #expect(answer.field("connection") == "close")
    let large = try await echo.client.send("POST", "/large", body: [UInt8](repeating: 0x61, count: 5_000_000))
    #expect(large.body.count == 5_000_014)
    await echo.server.drain()
  }

  @Test func `100-continue is answered before the body and skipped when the body is refused`() async throws {
    let echo = try EchoServer()
    let connection = try RawConnection(port: echo.client.port)
    try await connection.write(
      Array(
        "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n".utf8
      )
    )
    #expect(String(decoding: try await connection.read(), as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
    try await connection.write(Array("abc".utf8))
    #expect(try HTTPExchange(parsing: try await connection.readToEnd()).text == "POST /x [abc]")
    let refused = try await echo.client.exchange(
      Array("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3000\r\n\r\n".utf8)
    )
    #expect(try HTTPExchange(parsing: refused).status == 413)
    await echo.server.drain()
  }

  @Test func `a client that shut its side still gets every answer`() async throws {
    let echo = try EchoServer()
    let connection = try RawConnection(port: echo.client.port)
    try await connection.write(Array("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    connection.endWriting()
    let text = String(decoding: try await connection.readToEnd(), as: UTF8.self)
    #expect(text.contains("GET /slow []") && text.hasSuffix("GET /b []"))
    await echo.server.drain()
  }

  @Test func `a partial request gets no answer when the client leaves, and 408 when it dawdles`() async throws {
    var patience = Limits()
    // Also on a machine that is busy with something else.
    patience.headDeadline = .seconds(600)
    let patient = try EchoServer(limits: patience)
    let gone = try RawConnection(port: patient.client.port)
    try await gone.write(Array("GET / HTTP/1.1\r\nHo".utf8))
    gone.endWriting()
    #expect(try await gone.readToEnd().isEmpty)
    await patient.server.drain()
    var limits = Limits()
    limits.headDeadline = .milliseconds(300)
    let echo = try EchoServer(limits: limits)
    let slow = try RawConnection(port: echo.client.port)
    try await slow.write(Array("GET / HTTP/1.1\r\nHo".utf8))
    #expect(try HTTPExchange(parsing: try await slow.readToEnd()).status == 408)
    await echo.server.drain()
  }

  @Test func `a slow reader gets a large answer whole`() async throws {
    let echo = try EchoServer(bodyBytes: 20_000_000)
    let connection = try RawConnection(port: echo.client.port)
    try await connection.write(Array("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8))
    #expect(try HTTPExchange(parsing: try await connection.readToEnd()).body.count == 20_000_000)
    await echo.server.drain()
  }

  @Test func `too many connections of one client are told so`() async throws {
    var limits = Limits()
    limits.connectionsPerClient = 3
    let echo = try EchoServer(limits: limits)
    let held = try (0..<3).map { _ in try RawConnection(port: echo.client.port) }
    for connection in held {
      try await connection.write(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
      _ = try await connection.read()
    }
    let answer = try HTTPExchange(parsing: try await echo.client.exchange([]))
    #expect(answer.status == 503)
    #expect(answer.field("retry-after") == "5")
    await echo.server.drain()
  }

  @Test func `draining answers what was asked and then closes`() async throws {
    var limits = Limits()
    limits.drainDeadline = .seconds(60)
    let echo = try EchoServer(limits: limits)
    let idle = try RawConnection(port: echo.client.port)
    let busy = try RawConnection(port: echo.client.port)
    try await busy.write(Array("GET /held HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    _ = try await eventually("both are connected") { echo.server.connectionCount == 2 ? true : nil }
    async let drained: Void = echo.server.drain()
    _ = try await eventually("nobody is let in") { (try? RawConnection(port: echo.client.port)) == nil ? true : nil }
    echo.gate.finish()
    await drained
    let answer = try HTTPExchange(parsing: try await busy.readToEnd())
    #expect(answer.text == "GET /held []")
    #expect(answer.field("connection") == "close")
    #expect(try await idle.readToEnd().isEmpty)
    #expect(echo.server.connectionCount == 0)
    #expect(throws: TestFault.self) { try RawConnection(port: echo.client.port) }
  }

  @Test func `thousands of short connections leave nothing behind`() async throws {
    let echo = try EchoServer()
    for _ in 0..<2_000 { #expect(try await echo.client.get("/").status == 200) }
    _ = try await eventually("all are closed") { echo.server.connectionCount == 0 ? true : nil }
    await echo.server.drain()
  }
}
