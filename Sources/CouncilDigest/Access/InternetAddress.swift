import Foundation
import HTTPServer

/// An IPv4 or IPv6 address as 16 bytes; IPv4 in its mapped form (RFC 4291 §2.5.5.2).
struct InternetAddress: Equatable, Sendable {
  var bytes: [UInt8]
  var isIPv4: Bool

  init?(_ text: String) {
    var short = in_addr()
    var long = in6_addr()
    if inet_pton(AF_INET, text, &short) == 1 {
      bytes = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + withUnsafeBytes(of: &short) { Array($0) }
      isIPv4 = true
    } else if inet_pton(AF_INET6, text, &long) == 1 {
      bytes = withUnsafeBytes(of: &long) { Array($0) }
      // Proxies on a dual-stack socket write IPv4 clients so.
      isIPv4 = bytes[..<12].elementsEqual([UInt8](repeating: 0, count: 10) + [0xFF, 0xFF])
    } else {
      return nil
    }
  }

  /// RFC 1122 §3.2.1.3, RFC 4291 §2.5.3.
  var isLoopback: Bool { isIPv4 ? bytes[12] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1] }

  /// As it stands in X-Forwarded-For: some proxies add a port, or brackets and a port.
  init?(forwarded text: String) {
    if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
      self.init(String(text[text.index(after: text.startIndex)..<close]))
    } else if text.split(separator: ":", omittingEmptySubsequences: false).count == 2 {
      self.init(String(text.prefix { $0 != ":" }))
    } else {
      self.init(text)
    }
  }

  var text: String {
    let family = isIPv4 ? AF_INET : AF_INET6
    let source = isIPv4 ? Array(bytes.suffix(4)) : bytes
    var output = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(family, source, &output, socklen_t(output.count)) != nil else { return "unknown" }
    return String(decoding: output.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// An address, or a network such as 172.16.0.0/12.
struct InternetNetwork: Equatable, Sendable {
  private let address: InternetAddress
  private let prefixLength: Int

  init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let first = parts.first, let address = InternetAddress(first) else { return nil }
    let longest = first.contains(":") ? 128 : 32
    var length = longest
    if parts.count == 2 {
      guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let given = Int(parts[1]), given <= longest else {
        return nil
      }
      length = given
    }
    self.address = address
    prefixLength = length + 128 - longest
  }

  func contains(_ other: InternetAddress) -> Bool {
    for index in 0..<16 {
      let bits = min(8, max(0, prefixLength - index * 8))
      let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
      guard address.bytes[index] & mask == other.bytes[index] & mask else { return false }
    }
    return true
  }
}

extension Request {
  /// No proxy passed it on, and who sent it is on this machine.
  var isOfThisMachine: Bool {
    guard case .address(let text) = peer, fields[.forwardedFor] == nil else { return peer == .unixSocket }
    return InternetAddress(text)?.isLoopback == true
  }
}
