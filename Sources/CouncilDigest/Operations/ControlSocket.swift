import Foundation
import HTTPServer
import HTTPTypes

/// How commands speak to a service that runs: HTTP over the Unix socket beside the store. Blocking; for commands only.
public struct ControlSocket: Sendable {
  public let path: String

  /// The socket of the store at `storePath`.
  public static func path(besideStoreAt storePath: String) -> String { storePath + ".socket" }

  public init(path: String) {
    self.path = path
  }

  public struct Problem: Error, CustomStringConvertible, Sendable {
    public var description: String
  }

  /// An answer of the service.
  public struct Answer: Sendable {
    public var status: Int
    public var body: [UInt8]
  }

  /// Whether somebody listens.
  public var isServed: Bool {
    guard let descriptor = try? connect() else { return false }
    close(descriptor)
    return true
  }

  /// - Throws: `Problem` when nobody listens or the answer is cut.
  public func send(
    _ method: String,
    _ path: String,
    body: [UInt8] = [],
    type: String = "application/json"
  ) throws -> Answer {
    let descriptor = try connect()
    defer { close(descriptor) }
    let head =
      "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: \(type)\r\n"
      + "Content-Length: \(body.count)\r\n\r\n"
    try write(Array(head.utf8) + body, to: descriptor)
    return try Self.parse(try readAll(descriptor))
  }

  /// As above, with a body that is too large for memory: it goes in chunks (RFC 9112 §7.1).
  /// - Parameter next: the next piece of the body; empty at the end.
  public func send(
    _ method: String,
    _ path: String,
    type: String,
    next: () throws -> [UInt8]
  ) throws -> Answer {
    let descriptor = try connect()
    defer { close(descriptor) }
    let head =
      "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: \(type)\r\n"
      + "Transfer-Encoding: chunked\r\n\r\n"
    try write(Array(head.utf8), to: descriptor)
    var isGoingOn = true
    while isGoingOn {
      let piece = try next()
      let chunk = Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [0x0D, 0x0A]
      do {
        try write(chunk, to: descriptor)
        // The empty one is the last.
        isGoingOn = !piece.isEmpty
      } catch {
        // It may have answered before it had all, and then its answer says why.
        isGoingOn = false
      }
    }
    return try Self.parse(try readAll(descriptor))
  }

  private func connect() throws -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8) + [0]
    guard bytes.count <= MemoryLayout.size(ofValue: address.sun_path) else {
      throw Problem(description: "the path \(path) is too long for a Unix socket")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard descriptor >= 0, result == 0 else {
      close(descriptor)
      throw Problem(description: "no service listens at \(path)")
    }
    return descriptor
  }

  private func write(_ bytes: [UInt8], to descriptor: Int32) throws {
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Problem(description: "the service closed the connection") }
      written += count
    }
  }

  private func readAll(_ descriptor: Int32) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Problem(description: "the service closed the connection") }
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
    }
  }

  private static func parse(_ bytes: [UInt8]) throws -> Answer {
    let end = Array("\r\n\r\n".utf8)
    let text = String(decoding: bytes.prefix(16), as: UTF8.self).split(separator: " ")
    guard text.count >= 2, let status = Int(text[1]),
      let split = (0..<max(0, bytes.count - 3)).first(where: { bytes[$0..<($0 + 4)].elementsEqual(end) })
    else { throw Problem(description: "the service gave no answer") }
    return Answer(status: status, body: Array(bytes[(split + 4)...]))
  }
}
