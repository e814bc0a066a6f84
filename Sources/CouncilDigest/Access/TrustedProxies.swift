import Foundation
import HTTPServer

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
