import CCurl
import Foundation

/// A mailbox that reports come back to, read by POP3 (RFC 1939) through libcurl. Messages are read in one session and
/// deleted in another, by the names the server gave them, so what is deleted is what was read.
public struct BounceMailbox: Equatable, Sendable {
  /// `implicit` is POP3 over TLS, `required` is STLS (RFC 2595).
  public enum TLS: String, CaseIterable, Equatable, Sendable {
    case implicit, required, off
  }

  public var host: String
  public var port: Int
  public var tls: TLS
  public var username: String
  public var password: String

  public init(host: String, port: Int, tls: TLS, username: String, password: String) {
    self.host = host
    self.port = port
    self.tls = tls
    self.username = username
    self.password = password
  }

  /// It can't be read: who said what.
  public struct Problem: Error, Equatable, CustomStringConvertible, Sendable {
    public var description: String

    public init(description: String) { self.description = description }
  }

  /// A message as it came, its end cut where it is very long.
  public struct Message: Equatable, Sendable {
    /// The server's name for it, which stays the same in every session (RFC 1939 §7, UIDL).
    public var name: String
    public var content: [UInt8]
  }

  /// The oldest messages, at most `limit`; the thread waits meanwhile. Fewer when the connection is lost on the way.
  /// - Throws: `Problem` or `CurlSetupError`, when there is none to give back.
  public func messages(limit: Int) throws -> [Message] {
    let session = try POP3Session(self)
    var messages: [Message] = []
    do {
      for (number, name) in try session.names().prefix(limit) {
        messages.append(Message(name: name, content: try session.content(of: number)))
      }
    } catch  where !messages.isEmpty {
      return messages
    }
    return messages
  }

  /// Deletes the messages of these names that are still there.
  /// - Throws: `Problem` or `CurlSetupError`; then all of them may still be there.
  public func delete(_ names: Set<String>) throws {
    let session = try POP3Session(self)
    for (number, name) in try session.names() where names.contains(name) { try session.delete(number) }
    // The server deletes when it hears QUIT, which the end of the session says.
  }
}

/// One connection: numbers mean what they meant in the list.
private final class POP3Session {
  private let mailbox: BounceMailbox
  private let handle: CurlHandle
  private var received = Received()
  private var isConnected = false

  private static let connectSeconds = 30
  private static let replySeconds = 120
  private static let transferSeconds = 300

  /// What libcurl's callback is given: it runs while `perform` does, on the same thread.
  private final class Received {
    var bytes: [UInt8] = []
  }

  init(_ mailbox: BounceMailbox) throws {
    self.mailbox = mailbox
    handle = try CurlHandle()
    try handle.set(CURLOPT_PROTOCOLS_STR, "pop3,pop3s")
    try handle.set(CURLOPT_PROXY, "")
    try handle.set(CURLOPT_USE_SSL, Int((mailbox.tls == .off ? CURLUSESSL_NONE : CURLUSESSL_ALL).rawValue))
    try handle.set(CURLOPT_USERNAME, mailbox.username)
    try handle.set(CURLOPT_PASSWORD, mailbox.password)
    try handle.set(CURLOPT_CONNECTTIMEOUT, Self.connectSeconds)
    try handle.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, Self.replySeconds)
    try handle.set(CURLOPT_TIMEOUT, Self.transferSeconds)
    try handle.set(CURLOPT_NOSIGNAL, 1)
    ccurl_set_callback(handle.pointer, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      guard let bytes, let context else { return 0 }
      let received = Unmanaged<Received>.fromOpaque(context).takeUnretainedValue()
      // The rest of a very long message is heard and forgotten.
      let room = max(0, MIMEPart.maximumBytes - received.bytes.count)
      received.bytes += UnsafeRawBufferPointer(start: bytes, count: min(size * count, room))
      return size * count
    }
  }

  /// `UIDL`: the numbers of this session and the names of all.
  func names() throws -> [(number: Int, name: String)] {
    let lines = String(decoding: try perform("", command: "UIDL"), as: UTF8.self).split(whereSeparator: \.isNewline)
    return lines.compactMap { line in
      let words = line.split(separator: " ")
      return words.count == 2 ? Int(words[0]).map { ($0, String(words[1])) } : nil
    }
  }

  /// `RETR`.
  func content(of number: Int) throws -> [UInt8] { try perform("\(number)", command: nil) }

  /// `DELE`, which takes effect at the end of the session.
  func delete(_ number: Int) throws {
    try handle.set(CURLOPT_NOBODY, 1)
    _ = try perform("\(number)", command: "DELE")
  }

  private func perform(_ path: String, command: String?) throws -> [UInt8] {
    let scheme = mailbox.tls == .implicit ? "pop3s" : "pop3"
    try handle.set(CURLOPT_URL, "\(scheme)://\(CurlHandle.authority(mailbox.host, mailbox.port))/\(path)")
    if let command {
      try handle.set(CURLOPT_CUSTOMREQUEST, command)
    } else {
      ccurl_set_string(handle.pointer, CURLOPT_CUSTOMREQUEST, nil)
    }
    received = Received()
    let result = withExtendedLifetime(received) {
      ccurl_set_pointer(handle.pointer, CURLOPT_WRITEDATA, Unmanaged.passUnretained(received).toOpaque())
      return curl_easy_perform(handle.pointer)
    }
    guard result == CURLE_OK else {
      throw BounceMailbox.Problem(description: "POP3: \(String(cString: curl_easy_strerror(result)))")
    }
    let isNew = handle.long(CURLINFO_NUM_CONNECTS) > 0
    guard !isConnected || !isNew else {
      hangUp()
      throw BounceMailbox.Problem(description: "POP3: the connection was lost")
    }
    isConnected = true
    return received.bytes
  }

  /// Numbers of another session mean other messages: without QUIT nothing is deleted.
  private func hangUp() {
    var socket: curl_socket_t = -1
    ccurl_get_socket(handle.pointer, CURLINFO_ACTIVESOCKET, &socket)
    if socket >= 0 { shutdown(socket, Int32(SHUT_RDWR)) }
  }
}
