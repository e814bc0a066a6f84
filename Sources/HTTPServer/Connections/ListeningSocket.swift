import Foundation

/// Where the server listens.
public enum ListenAddress: Equatable, Sendable {
  /// A numeric IPv4 or IPv6 address, or `localhost`; port 0 lets the system choose.
  case tcp(host: String, port: Int)
  /// A Unix socket at `path`, created with mode 0600: the file's mode is the authority.
  case unix(path: String)
}

/// A bound and listening socket. Opened in `init`, closed by its listener.
struct ListeningSocket {
  let descriptor: Int32
  /// The port the system gave; 0 for a Unix socket.
  let port: Int
  let isUnix: Bool

  /// - Parameter unsentBytes: how much of an answer the system takes ahead of the peer, on each TCP connection.
  init(_ address: ListenAddress, unsentBytes: Int) throws {
    switch address {
    case .tcp(let host, let port): try self.init(host: host, port: port, unsentBytes: unsentBytes)
    case .unix(let path): try self.init(path: path)
    }
  }

  func accept() -> (result: SystemCallResult, peer: Request.Peer) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        systemCall { Int(Foundation.accept(descriptor, generic, &length)) }
      }
    }
    return (result, isUnix ? .unixSocket : .address(Self.text(of: storage)))
  }

  private init(host: String, port: Int, unsentBytes: Int) throws {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &found)
    guard code == 0, let info = found else {
      let isUnknown = code == EAI_NONAME
      throw ListenError(
        address: "\(host):\(port)",
        problem: String(cString: gai_strerror(code)),
        isHostUnknown: isUnknown
      )
    }
    defer { freeaddrinfo(found) }
    let descriptor = try checked("socket") { socket(info.pointee.ai_family, Int32(SOCK_STREAM.rawValue), 0) }
    do {
      try Self.set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
      // Accepted sockets inherit these: an answer leaves at once, however small (44 ms a request otherwise), and a peer
      // that does not read fills this much of the system's memory, not megabytes.
      try Self.set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
      try Self.set(descriptor, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, Int32(clamping: unsentBytes))
      _ = try checked("bind") { bind(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) }
      _ = try checked("listen") { listen(descriptor, 1024) }
      try setNonBlocking(descriptor)
      self.init(descriptor: descriptor, port: try Self.boundPort(of: descriptor), isUnix: false)
    } catch {
      Foundation.close(descriptor)
      throw ListenError(address: "\(host):\(port)", problem: "\(error)")
    }
  }

  private init(path: String) throws {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8) + [0]
    guard bytes.count <= MemoryLayout.size(ofValue: address.sun_path) else {
      throw ListenError(address: path, problem: "the path of a Unix socket has at most 107 bytes")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let descriptor = try checked("socket") { socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0) }
    do {
      // The store's lock is held, so a socket file that exists was left by a process that died.
      unlink(path)
      let mask = umask(0o177)
      defer { umask(mask) }
      _ = try checked("bind") {
        withUnsafePointer(to: &address) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
          }
        }
      }
      _ = try checked("listen") { listen(descriptor, 64) }
      try setNonBlocking(descriptor)
    } catch {
      Foundation.close(descriptor)
      throw ListenError(address: path, problem: "\(error)")
    }
    self.init(descriptor: descriptor, port: 0, isUnix: true)
  }

  private init(descriptor: Int32, port: Int, isUnix: Bool) {
    self.descriptor = descriptor
    self.port = port
    self.isUnix = isUnix
  }

  private static func set(
    _ descriptor: Int32,
    _ level: Int32,
    _ option: Int32,
    _ value: Int32
  ) throws(SystemCallError) {
    var value = value
    _ = try checked("setsockopt") {
      setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
  }

  private static func boundPort(of descriptor: Int32) throws(SystemCallError) -> Int {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    _ = try checked("getsockname") {
      withUnsafeMutablePointer(to: &storage) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
      }
    }
    return withUnsafeBytes(of: &storage) { bytes in
      // sin_port and sin6_port share their offset, in network order.
      Int(bytes[2]) << 8 | Int(bytes[3])
    }
  }

  /// The numeric address; an IPv4 address that arrived on an IPv6 socket in its IPv4 form.
  private static func text(of storage: sockaddr_storage) -> String {
    withUnsafeBytes(of: storage) { bytes in
      let isIPv4 = Int32(storage.ss_family) == AF_INET
      // sin_addr and sin6_addr, at their fixed places.
      guard isIPv4 || Int32(storage.ss_family) == AF_INET6, let base = bytes.baseAddress else { return "unknown" }
      let isMapped = !isIPv4 && bytes[8..<20].elementsEqual(mappedPrefix)
      return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
        let family = isIPv4 || isMapped ? AF_INET : AF_INET6
        let offset = isIPv4 ? 4 : isMapped ? 20 : 8
        guard let start = text.baseAddress, inet_ntop(family, base + offset, start, socklen_t(text.count)) != nil else {
          return "unknown"
        }
        return String(cString: start)
      }
    }
  }

  /// ::ffff:0:0/96 (RFC 4291 §2.5.5.2).
  private static let mappedPrefix = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
}

/// The server can't listen where it was told to.
public struct ListenError: Error, CustomStringConvertible, Sendable {
  public var address: String
  public var problem: String
  /// The name means no address, now or later.
  public var isHostUnknown = false

  public var description: String { "cannot listen on \(address): \(problem)" }
}
