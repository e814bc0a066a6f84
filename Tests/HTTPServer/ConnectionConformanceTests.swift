import Foundation
import TestSupport
import Testing

@testable import HTTPServer

/// Items 40 to 44: how connections live and end.
@Suite struct ConnectionConformanceTests {
  @Test func `40 1-1 persists until someone says close, 1-0 closes unless it asked to go on`() async throws {
    try await conforms([
      .init(request("GET /a HTTP/1.1") + request("GET /b HTTP/1.1"), "GET /a []", "GET /b []"),
      .init(request("GET /a HTTP/1.1", "Connection: keep-alive, CLOSE") + request("GET /b HTTP/1.1"), "GET /a []"),
      .init("GET /a HTTP/1.0\r\n\r\n" + request("GET /b HTTP/1.1"), "GET /a []"),
      .init("GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n" + request("GET /b HTTP/1.1"), "GET /a []", "GET /b []"),
      .init(request("GET /a HTTP/1.1", "Connection: closed") + request("GET /b HTTP/1.1"), "GET /a []", "GET /b []"),
      .init(request("BREW / HTTP/1.1") + request("GET /b HTTP/1.1"), "501"),
    ])
  }

  @Test func `41 pipelined requests are answered in order, however many there are`() async throws {
    let echo = try EchoServer()
    let count = 500
    let text = (0..<count).map { request("GET /\($0 % 50 == 7 ? "slow" : "\($0)") HTTP/1.1") }.joined()
    let connection = try RawConnection(port: echo.client.port)
    try await connection.write(Array(text.utf8))
    connection.endWriting()
    let bytes = try await connection.readToEnd()
    let answers = try await StrictClient.read(bytes, methods: [String](repeating: "GET", count: count))
    #expect(answers.map(\.body) == (0..<count).map { "GET /\($0 % 50 == 7 ? "slow" : "\($0)") []" })
    await echo.server.drain()
  }

  @Test func `41 a client that does not read is not read from either`() async throws {
    var limits = Limits()
    limits.writeDeadline = .milliseconds(500)
    let echo = try EchoServer(limits: limits, bodyBytes: 100_000)
    let connection = try RawConnection(port: echo.client.port)
    let burst = Array(String(repeating: request("GET /x HTTP/1.1"), count: 2_000).utf8)
    // It is served: on a busy machine all below fits into the system's buffers before it is even accepted.
    try await connection.write(Array(request("GET /x HTTP/1.1").utf8))
    _ = try await connection.read()
    // 100,000 requests for 10 GB: what the server takes of them is bounded, so the writer is stopped by the server's end.
    try await connection.write(pieces: [[UInt8]](repeating: burst, count: 50))
    _ = try await eventually("it is gone") { echo.server.connectionCount == 0 ? true : nil }
    let taken = try await connection.readToEnd().count
    #expect(taken > 0 && taken < 100_000_000)
    await echo.server.drain()
  }

  @Test func `42 the reason arrives although the client was still sending`() async throws {
    let echo = try EchoServer()
    let body = [UInt8](repeating: 0x61, count: 3_000_000)
    let bytes = try await echo.client.exchange(
      Array(request("POST /x HTTP/1.1", "Content-Length: \(body.count)").utf8) + body
    )
    #expect(try await StrictClient.read(bytes, methods: ["POST"]).map(\.status) == [413])
    await echo.server.drain()
  }

  @Test func `42 a client that shut its side still gets its answer`() async throws {
    try await conforms([.init(request("GET /slow HTTP/1.1") + request("GET /b HTTP/1.1"), "GET /slow []", "GET /b []")])
  }

  @Test func `43 who dawdles gets 408, who is silent is closed in silence`() async throws {
    var limits = Limits()
    limits.headDeadline = .milliseconds(200)
    limits.bodyDeadline = .milliseconds(200)
    let echo = try EchoServer(limits: limits)
    func end(after text: String) async throws -> [Int] {
      let connection = try RawConnection(port: echo.client.port)
      try await connection.write(Array(text.utf8))
      return try await StrictClient.read(try await connection.readToEnd(), methods: ["GET", "GET"]).map(\.status)
    }
    #expect(try await end(after: "GET / HTTP/1.1\r\nHo") == [408])
    #expect(try await end(after: request("POST / HTTP/1.1", "Content-Length: 3", body: "a")) == [408])
    #expect(try await end(after: request("GET / HTTP/1.1") + "GET /b") == [200, 408])
    await echo.server.drain()
    limits.idleDeadline = .milliseconds(200)
    let brief = try EchoServer(limits: limits)
    let silent = try RawConnection(port: brief.client.port)
    #expect(try await silent.readToEnd().isEmpty)
    await brief.server.drain()
    limits.idleDeadline = .seconds(3)
    let longer = try EchoServer(limits: limits)
    let served = try RawConnection(port: longer.client.port)
    try await served.write(Array(request("GET / HTTP/1.1").utf8))
    #expect(try HTTPExchange(parsing: try await served.readToEnd()).status == 200)
    await longer.server.drain()
  }

  @Test func `43 a body or a reader that goes on steadily is not cut off, one that trickles is`() {
    let start = ContinuousClock.now
    var pace = Pace(from: start, allowance: .seconds(30), bytesPerSecond: 1_000)
    pace.count(29_999, at: start + .seconds(29))
    #expect(pace.deadline == start + .seconds(30))
    pace.count(1, at: start + .seconds(30))
    #expect(pace.deadline == start + .seconds(60))
    // However much came at once, the next allowance is no longer than the first.
    pace.count(50_000_000, at: start + .seconds(31))
    #expect(pace.deadline == start + .seconds(61))
  }

  @Test func `44 too many connections are told so with Retry-After`() async throws {
    var limits = Limits()
    limits.connectionsPerClient = 3
    let echo = try EchoServer(limits: limits)
    let held = try (0..<3).map { _ in try RawConnection(port: echo.client.port) }
    for connection in held {
      try await connection.write(Array(request("GET / HTTP/1.1").utf8))
      _ = try await connection.read()
    }
    let refused = try await StrictClient.read(try await echo.client.exchange([]), methods: ["GET"])
    #expect(refused.map(\.status) == [503] && refused[0].field("Retry-After") == "5")
    await echo.server.drain()
  }

  @Test func `44 a host is counted by its IPv4 address or by the half of IPv6 it was given`() {
    func client(_ text: String) -> String { Visitor.client(of: .address(text)) }
    #expect(client("2001:db8::1") == client("2001:db8::ffff:1") && client("2001:db8::1") != client("2001:db8:0:1::1"))
    #expect(client("192.0.2.1") != client("192.0.2.2"))
  }

  @Test func `44 a proxy of ours may hold more, and its request ids are taken over`() async throws {
    var limits = Limits()
    limits.connectionsPerClient = 1
    let echo = try EchoServer(limits: limits) { $0.trusts = { _ in true } }
    let held = try RawConnection(port: echo.client.port)
    try await held.write(Array(request("GET / HTTP/1.1").utf8))
    _ = try await held.read()
    #expect(
      try await echo.client.get("/", headers: ["X-Request-ID": "proxy-1234.a_b"]).field("X-Request-ID")
        == "proxy-1234.a_b"
    )
    for odd in ["short", "with space", String(repeating: "a", count: 65)] {
      #expect(try await echo.client.get("/", headers: ["X-Request-ID": odd]).field("X-Request-ID")?.count == 16)
    }
    await echo.server.drain()
  }

  @Test func `44 when full, connections that idle make room`() async throws {
    var limits = Limits()
    limits.connections = 4
    let echo = try EchoServer(limits: limits)
    let idle = try (0..<4).map { _ in try RawConnection(port: echo.client.port) }
    _ = try await eventually("all are in") { echo.server.connectionCount == 4 ? true : nil }
    // Tried until the first have idled for a second, by the server's own clock.
    _ = try await eventually("there is room") { try await echo.client.get("/").status == 200 ? true : nil }
    withExtendedLifetime(idle) {}
    await echo.server.drain()
  }
}
