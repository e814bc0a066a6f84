import Foundation
import HTTPServer

/// Where a request came from, as coarse as a rate limit needs it: an IPv4 address, or the /64 of an IPv6 address.
struct ClientNetwork: Equatable, Sendable {
  var text: String

  init(address: String) {
    guard address.contains(":"), let bytes = InternetAddress(address)?.bytes else {
      text = address
      return
    }
    text = Data(bytes.prefix(8)).hexadecimal + "::/64"
  }
}

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
      isIPv4 = false
    } else {
      return nil
    }
  }

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
    let longest = address.isIPv4 ? 32 : 128
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

/// The proxies whose word about the client is taken.
public struct TrustedProxies: Equatable, Sendable {
  private let networks: [InternetNetwork]

  static let none = TrustedProxies(networks: [])

  private init(networks: [InternetNetwork]) {
    self.networks = networks
  }

  /// Nil when one of the texts is neither an address nor a network.
  init?(_ texts: [String]) {
    let networks = texts.compactMap(InternetNetwork.init)
    guard networks.count == texts.count else { return nil }
    self.init(networks: networks)
  }

  func trusts(_ peer: Request.Peer) -> Bool {
    guard !networks.isEmpty, case .address(let text) = peer, let address = InternetAddress(text) else { return false }
    return networks.contains { $0.contains(address) }
  }

  /// The address a request is from: the right-most one in X-Forwarded-For that is not a trusted proxy, when the
  /// connection itself is from one; otherwise the connection's own. What is left of an unreadable entry is not believed.
  func client(of request: Request) -> String {
    guard case .address(let peer) = request.peer else { return "unix socket" }
    guard trusts(request.peer) else { return peer }
    let forwarded = request.fields[values: .forwardedFor].joined(separator: ",").split(separator: ",")
    for entry in forwarded.reversed() {
      guard let address = InternetAddress(forwarded: entry.trimmingCharacters(in: .whitespaces)) else { return peer }
      if !networks.contains(where: { $0.contains(address) }) { return address.text }
    }
    return peer
  }
}
