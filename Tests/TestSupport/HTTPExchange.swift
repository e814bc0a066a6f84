import Foundation

/// One HTTP exchange of a test, on a connection of its own. Deliberately simple: what it can't read is a fault.
public struct HTTPExchange: Sendable {
  public var status: Int
  /// Names in lower case.
  public var fields: [(name: String, value: String)]
  public var body: [UInt8]

  public var text: String { String(decoding: body, as: UTF8.self) }

  public func field(_ name: String) -> String? { fields.first { $0.name == name.lowercased() }?.value }

  public func object() throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:]
  }

  /// Reads answers from raw bytes; the last one may end with the connection.
  public init(parsing bytes: [UInt8]) throws {
    let end = Array("\r\n\r\n".utf8)
    guard let split = (0..<max(0, bytes.count - 3)).first(where: { bytes[$0..<($0 + 4)].elementsEqual(end) }) else {
      throw TestFault(
        "no complete answer in \(bytes.count) bytes: \(String(decoding: bytes.prefix(200), as: UTF8.self))"
      )
    }
    let lines = String(decoding: bytes[..<split], as: UTF8.self).components(separatedBy: "\r\n")
    let start = lines[0].split(separator: " ")
    guard start.count >= 2, start[0] == "HTTP/1.1", let code = Int(start[1]) else {
      throw TestFault("not a status line: \(lines[0])")
    }
    status = code
    fields = lines.dropFirst().compactMap { line in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
    }
    body = Array(bytes[(split + 4)...])
  }
}

public struct TestFault: Error, CustomStringConvertible {
  public var description: String
  public init(_ description: String) { self.description = description }
}

/// A client of a service on loopback.
public struct HTTPClient: Sendable {
  public let port: Int
  /// Whether what answers is our server, which a strict client must understand and which closes when it said so.
  public let isOurs: Bool

  public init(port: Int, isOurs: Bool = true) {
    self.port = port
    self.isOurs = isOurs
  }

  public func send(
    _ method: String,
    _ path: String,
    headers: [String: String] = [:],
    body: [UInt8] = [],
    timeoutSeconds: Int = 20
  ) async throws -> HTTPExchange {
    var headers = headers
    if headers["Host"] == nil { headers["Host"] = "127.0.0.1:\(port)" }
    headers["Connection"] = "close"
    if !body.isEmpty || method == "POST" || method == "PUT" { headers["Content-Length"] = String(body.count) }
    let head = headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }.joined()
    let connection = try RawConnection(port: port, timeoutSeconds: timeoutSeconds)
    try await connection.write(Array("\(method) \(path) HTTP/1.1\r\n\(head)\r\n".utf8) + body)
    guard isOurs else { return try await connection.readAnswer(hasBody: method != "HEAD") }
    let bytes = try await connection.readToEnd()
    try await StrictClient.read(bytes, methods: [method])
    return try HTTPExchange(parsing: bytes)
  }

  public func get(_ path: String, headers: [String: String] = [:]) async throws -> HTTPExchange {
    try await send("GET", path, headers: headers)
  }

  public func post(
    form: [(String, String)],
    to path: String,
    headers: [String: String] = [:]
  ) async throws -> HTTPExchange {
    let body = form.map { "\(Self.encoded($0.0))=\(Self.encoded($0.1))" }.joined(separator: "&")
    let type = ["Content-Type": "application/x-www-form-urlencoded"]
    return try await send("POST", path, headers: type.merging(headers) { $1 }, body: Array(body.utf8))
  }

  public func send(
    json: Any,
    _ method: String,
    _ path: String,
    key: String? = nil
  ) async throws -> HTTPExchange {
    let body = try JSONSerialization.data(withJSONObject: json, options: [.fragmentsAllowed])
    var headers = ["Content-Type": "application/json"]
    if let key { headers["Authorization"] = "Bearer \(key)" }
    return try await send(method, path, headers: headers, body: [UInt8](body))
  }

  /// Writes raw bytes and reads until the peer closes.
  public func exchange(_ bytes: [UInt8]) async throws -> [UInt8] {
    let connection = try RawConnection(port: port)
    try await connection.write(bytes)
    return try await connection.readToEnd()
  }

  public static func encoded(_ text: String) -> String {
    var allowed = CharacterSet.alphanumerics
    allowed.insert(charactersIn: "-._~")
    return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
  }
}

/// A TCP connection to loopback, with a bound on every wait. Each wait has a thread of its own: tests that block the few
/// threads of Swift's pool keep each other from going on.
public final class RawConnection: Sendable {
  private let descriptor: Int32

  public init(port: Int, timeoutSeconds: Int = 20) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    // The descriptor is closed by deinit, which runs when this throws, too.
    guard result == 0 else { throw TestFault("nobody listens on port \(port)") }
  }

  deinit { close(descriptor) }

  public func write(_ bytes: [UInt8]) async throws {
    try await onThread { self.writeBlocking(bytes) }
  }

  /// Each piece by a system call of its own.
  public func write(pieces: [[UInt8]]) async throws {
    try await onThread { for piece in pieces { self.writeBlocking(piece) } }
  }

  private func writeBlocking(_ bytes: [UInt8]) {
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      // A server that has answered may close before it read everything; its answer is what counts.
      guard count > 0 else { return }
      written += count
    }
  }

  public func endWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// The next bytes; empty at the end.
  public func read() async throws -> [UInt8] {
    try await onThread { try self.readBlocking() }
  }

  public func readToEnd() async throws -> [UInt8] {
    try await onThread {
      var bytes: [UInt8] = []
      while true {
        let more = try self.readBlocking()
        if more.isEmpty { return bytes }
        bytes += more
      }
    }
  }

  /// One answer, complete by its Content-Length or with the connection.
  public func readAnswer(hasBody: Bool = true) async throws -> HTTPExchange {
    try await onThread {
      var bytes: [UInt8] = []
      while true {
        let more = try self.readBlocking()
        bytes += more
        if more.isEmpty { return try HTTPExchange(parsing: bytes) }
        guard let answer = try? HTTPExchange(parsing: bytes), hasBody else { continue }
        if let length = answer.field("content-length").flatMap({ Int($0) }), answer.body.count >= length {
          return answer
        }
      }
    }
  }

  private func readBlocking() throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count < 0, errno == ECONNRESET { return [] }
    guard count >= 0 else { throw TestFault("no bytes came in time") }
    return Array(buffer[..<count])
  }
}
