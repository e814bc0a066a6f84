import Foundation
import Mail
import Synchronization

/// An SMTP server on loopback that does what a script says, command by command: the faults of real relays one at a time.
/// What it was given it keeps in memory.
public final class ScriptedRelay: Sendable {
  /// Where a conversation is.
  public enum Stage: CaseIterable, Sendable {
    case greeting, hello, sender, recipient, data
    /// The relay asked for the letter and has read nothing of it.
    case startOfContent
    /// It has read all of it.
    case endOfContent
  }

  public struct Moment: Sendable {
    public var stage: Stage
    /// Known from `recipient` on.
    public var recipient: String?
  }

  public enum Act: Equatable, Sendable {
    case accept
    /// One or more whole lines without the last line end. A 4xx or 5xx refuses; the connection stays.
    case reply(String)
    case replyAndClose(String)
    /// Closes after these bytes of a reply, or without one.
    case drop(after: String = "")
    /// Says nothing more until `release()` or `stop()`.
    case hold
  }

  /// A letter that arrived complete.
  public struct Arrival: Equatable, Sendable {
    public var sender: String
    public var recipient: String
    public var content: [UInt8]
    /// The relay said so. Otherwise the other side can't know.
    public var wasAccepted: Bool
  }

  public let port: Int
  private let script: @Sendable (Moment) -> Act
  private let state = Mutex(State())
  private let held = NSCondition()

  private struct State {
    var arrivals: [Arrival] = []
    var listener: Int32?
    var connections: Set<Int32> = []
    var connectionCount = 0
    var isReleased = false
    var heldCount = 0
  }

  public init(port: Int? = nil, _ script: @escaping @Sendable (Moment) -> Act = { _ in .accept }) throws {
    self.port = try port ?? Machine.freePort()
    self.script = script
    try start()
  }

  deinit { stop() }

  public var arrivals: [Arrival] { state.withLock { $0.arrivals } }

  /// How many were opened since the beginning.
  public var connectionCount: Int { state.withLock { $0.connectionCount } }

  /// How many are open at this moment.
  public var openCount: Int { state.withLock { $0.connections.count } }

  /// Says a line to whoever is connected, as a relay does that wants to be left alone.
  public func announce(_ line: String) {
    state.withLock { for connection in $0.connections { Self.write(Array("\(line)\r\n".utf8), to: connection) } }
  }

  /// Those held, and those that would be, go on as if nothing had been.
  public func release() {
    state.withLock { $0.isReleased = true }
    held.withLock { held.broadcast() }
  }

  /// Hangs up on everybody and takes no calls.
  public func stop() {
    state.withLock { state in
      if let listener = state.listener {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        state.listener = nil
      }
      for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
    }
    held.withLock { held.broadcast() }
  }

  public func start() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var yes: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let isBound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isBound, listen(listener, 100) == 0 else { throw TestFault("nobody may listen on port \(port)") }
    state.withLock { $0.listener = listener }
    Thread.detachNewThread { [weak self] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0, let self else { return }
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        Thread.detachNewThread { self.serve(connection) }
      }
    }
  }

  private func serve(_ connection: Int32) {
    let isWelcome = state.withLock { state in
      guard state.listener != nil else { return false }
      state.connections.insert(connection)
      state.connectionCount += 1
      return true
    }
    if isWelcome {
      var conversation = Conversation(connection: connection, relay: self)
      conversation.run()
    }
    state.withLock { _ = $0.connections.remove(connection) }
    // A program started in the wrong moment holds it too.
    shutdown(connection, Int32(SHUT_RDWR))
    close(connection)
  }

  fileprivate func act(at moment: Moment) -> Act {
    let act = script(moment)
    return act == .hold ? hold() : act
  }

  /// How many it says nothing to at this moment.
  public var heldCount: Int { state.withLock { $0.heldCount } }

  private func hold() -> Act {
    state.withLock { $0.heldCount += 1 }
    defer { state.withLock { $0.heldCount -= 1 } }
    held.withLock {
      while state.withLock({ !$0.isReleased && $0.listener != nil }) { held.wait() }
    }
    return state.withLock { $0.isReleased } ? .accept : .drop()
  }

  fileprivate func keep(_ arrival: Arrival) { state.withLock { $0.arrivals.append(arrival) } }

  fileprivate static func write(_ bytes: [UInt8], to connection: Int32) {
    _ = bytes.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
  }
}

/// One connection, on its own thread.
private struct Conversation {
  let connection: Int32
  let relay: ScriptedRelay
  var input: [UInt8] = []
  var sender = ""
  var recipient: String?
  /// What was said last was no yes.
  var wasRefused = false

  init(connection: Int32, relay: ScriptedRelay) {
    (self.connection, self.relay) = (connection, relay)
  }

  mutating func run() {
    guard go(.greeting, accepting: "220 relay.test ESMTP") else { return }
    while let line = readLine() {
      let command = line.prefix { $0 != " " && $0 != ":" }.uppercased()
      switch command {
      case "EHLO", "HELO":
        guard go(.hello, accepting: "250-relay.test\r\n250 SIZE 100000000") else { return }
      case "MAIL":
        (sender, recipient) = (Self.address(in: line), nil)
        guard go(.sender, accepting: "250 2.1.0 ok") else { return }
      case "RCPT":
        recipient = Self.address(in: line)
        guard go(.recipient, accepting: "250 2.1.5 ok") else { return }
      case "DATA":
        guard go(.data, accepting: "354 go on") else { return }
        if wasRefused { continue }
        guard go(.startOfContent, accepting: nil), let content = readContent() else { return }
        guard take(content) else { return }
      case "QUIT":
        return say("221 2.0.0 bye")
      default:
        say("250 2.0.0 ok")
      }
    }
  }

  /// - Returns: false when the connection is over.
  private mutating func go(_ stage: ScriptedRelay.Stage, accepting line: String?) -> Bool {
    perform(relay.act(at: .init(stage: stage, recipient: recipient)), accepting: line)
  }

  private mutating func perform(_ act: ScriptedRelay.Act, accepting line: String?) -> Bool {
    wasRefused = act != .accept
    switch act {
    case .accept:
      if let line { say(line) }
      return true
    case .reply(let text):
      say(text)
      return true
    case .replyAndClose(let text):
      say(text)
      return false
    case .drop(let text):
      ScriptedRelay.write(Array(text.utf8), to: connection)
      return false
    case .hold: return false
    }
  }

  private mutating func take(_ content: [UInt8]) -> Bool {
    let act = relay.act(at: .init(stage: .endOfContent, recipient: recipient))
    let isAccepted =
      switch act {
      case .accept: true
      case .reply(let text), .replyAndClose(let text): text.hasPrefix("2")
      case .drop, .hold: false
      }
    // Before it says so: whoever reads the reply may look at once.
    relay.keep(.init(sender: sender, recipient: recipient ?? "", content: content, wasAccepted: isAccepted))
    return perform(act, accepting: "250 2.0.0 taken")
  }

  private func say(_ text: String) { ScriptedRelay.write(Array("\(text)\r\n".utf8), to: connection) }

  private mutating func readLine() -> String? {
    while true {
      if let end = input.firstIndex(of: 0x0A) {
        defer { input.removeSubrange(...end) }
        return String(decoding: input[..<end], as: UTF8.self).trimmingCharacters(in: .newlines)
      }
      guard readMore() else { return nil }
    }
  }

  private static let endOfContent = Array("\r\n.\r\n".utf8)

  /// Without the dots that were put in front (RFC 5321 §4.5.2).
  private mutating func readContent() -> [UInt8]? {
    var searched = 0
    while true {
      for start in stride(from: searched, through: input.count - 5, by: 1)
      where input[start] == 0x0D && input[start..<(start + 5)].elementsEqual(Self.endOfContent) {
        let content = Array(input[..<(start + 2)])
        input.removeSubrange(..<(start + 5))
        return Self.unstuffed(content)
      }
      searched = max(0, input.count - 4)
      guard readMore() else { return nil }
    }
  }

  private static func unstuffed(_ content: [UInt8]) -> [UInt8] {
    var plain: [UInt8] = []
    plain.reserveCapacity(content.count)
    var isLineStart = true
    for byte in content {
      if !(isLineStart && byte == 0x2E) { plain.append(byte) }
      isLineStart = byte == 0x0A
    }
    return plain
  }

  private mutating func readMore() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(connection, &buffer, buffer.count, 0)
    guard count > 0 else { return false }
    input += buffer[..<count]
    return true
  }

  private static func address(in line: String) -> String {
    guard let open = line.firstIndex(of: "<"), let close = line.firstIndex(of: ">"), open < close else { return "" }
    return String(line[line.index(after: open)..<close])
  }
}
