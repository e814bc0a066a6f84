import Foundation
import HTTPServer

/// Where a request came from, as coarse as a rate limit needs it: an IPv4 address, or the /64 of an IPv6 address.
struct ClientNetwork: Equatable, Sendable {
  var text: String

  init(address: String) {
    var storage = in6_addr()
    guard address.contains(":"), inet_pton(AF_INET6, address, &storage) == 1 else {
      text = address
      return
    }
    let prefix = withUnsafeBytes(of: &storage) { Data($0.prefix(8)) }
    text = prefix.hexadecimal + "::/64"
  }
}

/// The proxies whose word about the client is taken.
struct TrustedProxies: Equatable, Sendable {
  var addresses: Set<String>

  /// The address a request is from: the right-most one in X-Forwarded-For that is not a trusted proxy, when the
  /// connection itself is from one; otherwise the connection's own.
  func client(of request: Request) -> String {
    guard case .address(let peer) = request.peer else { return "unix socket" }
    guard addresses.contains(peer) else { return peer }
    let forwarded = request.fields[values: .forwardedFor].joined(separator: ",")
      .split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    return forwarded.last { !addresses.contains($0) && !$0.isEmpty } ?? peer
  }
}
