import HTTPServer

/// Whether a request is for this service: the public address, or a loopback name with the listening port. Anything else
/// is 421, so that no page is ever served under a name somebody else points here.
struct HostCheck: Sendable {
  private let allowed: Set<String>

  init(publicURL: String, port: Int) {
    let isSecure = publicURL.hasPrefix("https://")
    let authority = String(publicURL.drop { $0 != "/" }.dropFirst(2))
    let hasPort = authority.last != "]" && authority.dropFirst(authority.hasPrefix("[") ? 1 : 0).contains(":")
    var allowed: Set<String> = [authority]
    // The default port may be written out (RFC 9110 §4.2.1).
    if !hasPort { allowed.insert(authority + (isSecure ? ":443" : ":80")) }
    for name in ["localhost", "127.0.0.1", "[::1]"] {
      allowed.insert("\(name):\(port)")
      if port == 80 { allowed.insert(name) }
    }
    self.allowed = allowed
  }

  func isOurs(_ authority: String, from peer: Request.Peer) -> Bool {
    // HTTP/1.0 has no Host; a Unix socket has its file's mode.
    peer == .unixSocket || authority.isEmpty || allowed.contains(authority) || allowed.contains(authority.lowercased())
  }

  /// Asked by machines that know an address, not a name.
  static let exemptPaths: Set<String> = ["/healthz", "/readyz", "/metrics"]
}
