import Foundation

/// Who connected, and how they were received.
struct Visitor: Sendable {
  var peer: Request.Peer
  /// Under which they are counted.
  var client: String
  /// A proxy of ours, or a process on this machine.
  var isTrusted: Bool
  /// There were too many; the connection is only told so.
  var isRefused: Bool

  /// An IPv4 address, or the /64 of an IPv6 address: a host that has one address of a /64 has all of them.
  static func client(of peer: Request.Peer) -> String {
    guard case .address(let text) = peer else { return "unix" }
    var bytes = in6_addr()
    guard text.contains(":"), inet_pton(AF_INET6, text, &bytes) == 1 else { return text }
    return withUnsafeBytes(of: &bytes) { $0.prefix(8).map { String($0, radix: 16) }.joined(separator: ".") }
  }
}
