import Foundation

/// Asks the machine's name server for the TXT records of a name (RFC 1035), over UDP. Blocks, a few seconds at most.
struct TextRecords {
  enum Answer: Equatable {
    case found([String])
    /// The name has none.
    case none
    /// Nobody answered.
    case unknown(String)
  }

  private static let textType: UInt16 = 16
  private static let seconds = 3

  func callAsFunction(_ name: String) -> Answer {
    guard let server = Self.nameServer() else { return .unknown("no name server is configured") }
    let identifier = UInt16.random(in: .min ... .max)
    guard let reply = Self.exchange(Self.question(name, identifier), with: server) else {
      return .unknown("the name server \(server) does not answer")
    }
    return Self.read(reply, identifier)
  }

  private static func nameServer() -> String? {
    let text = (try? String(contentsOfFile: "/etc/resolv.conf", encoding: .utf8)) ?? ""
    for line in text.split(separator: "\n") {
      let words: [Substring] = line.split(separator: " ")
      guard words.count >= 2, words[0] == "nameserver", words[1].contains(".") else { continue }
      return String(words[1])
    }
    return nil
  }

  /// With room for a long answer (RFC 6891).
  static func question(_ name: String, _ identifier: UInt16) -> [UInt8] {
    let header: [UInt16] = [identifier, 0x0100, 1, 0, 0, 1]
    var bytes = header.flatMap(pair)
    for label in name.split(separator: ".") {
      bytes.append(UInt8(min(63, label.utf8.count)))
      bytes.append(contentsOf: label.utf8.prefix(63))
    }
    bytes.append(0)
    bytes += pair(textType) + pair(1)
    let extended: [UInt8] = [0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0]
    return bytes + extended
  }

  private static func exchange(_ question: [UInt8], with server: String) -> [UInt8]? {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var patience = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(53).bigEndian
    guard inet_pton(AF_INET, server, &address.sin_addr) == 1 else { return nil }
    let isConnected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected, send(descriptor, question, question.count, 0) == question.count else { return nil }
    var reply = [UInt8](repeating: 0, count: 4_096)
    let count = recv(descriptor, &reply, reply.count, 0)
    return count > 0 ? Array(reply[..<count]) : nil
  }

  static func read(_ reply: [UInt8], _ identifier: UInt16) -> Answer {
    guard reply.count >= 12, number(reply, 0) == identifier else { return .unknown("the answer is not readable") }
    let code = reply[3] & 0x0F
    guard code == 0 || code == 3 else { return .unknown("the name server answered with code \(code)") }
    var place = 12
    for _ in 0..<number(reply, 4) {
      guard let end = skipName(reply, place) else { return .unknown("the answer is not readable") }
      place = end + 4
    }
    var texts: [String] = []
    for _ in 0..<number(reply, 6) {
      guard let end = skipName(reply, place), end + 10 <= reply.count else { break }
      let (type, length) = (number(reply, end), Int(number(reply, end + 8)))
      place = end + 10 + length
      guard place <= reply.count else { break }
      if type == textType { texts.append(text(reply[(end + 10)..<place])) }
    }
    return texts.isEmpty ? .none : .found(texts)
  }

  /// Strings of up to 255 bytes, to be read as one.
  private static func text(_ data: ArraySlice<UInt8>) -> String {
    var (rest, bytes) = (data, [UInt8]())
    while let length = rest.popFirst() {
      bytes += rest.prefix(Int(length))
      rest = rest.dropFirst(Int(length))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func skipName(_ reply: [UInt8], _ start: Int) -> Int? {
    var place = start
    while place < reply.count {
      let length = reply[place]
      if length == 0 { return place + 1 }
      if length & 0xC0 == 0xC0 { return place + 2 <= reply.count ? place + 2 : nil }
      place += Int(length) + 1
    }
    return nil
  }

  private static func pair(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }

  private static func number(_ bytes: [UInt8], _ place: Int) -> UInt16 {
    place + 1 < bytes.count ? UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1]) : 0
  }
}
