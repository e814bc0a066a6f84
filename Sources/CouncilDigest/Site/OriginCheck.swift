import HTTPServer

/// Whether a POST may come from the page it came from. A browser says so itself in Sec-Fetch-Site; older ones in
/// Origin; curl says neither and is no victim of another site.
struct OriginCheck: Sendable {
  let identity: SiteIdentity

  func check(_ request: Request) throws {
    if let site = request.fields[.fetchSite] {
      guard site == "same-origin" || site == "none" else { throw Refusal.foreignOrigin }
    } else if let origin = request.fields[.origin] {
      guard origin == identity.publicURL || Self.isOwn(origin, request) else { throw Refusal.foreignOrigin }
    }
  }

  /// The service reached by its loopback address instead of its public one.
  private static func isOwn(_ origin: String, _ request: Request) -> Bool {
    origin == "http://\(request.authority)"
  }
}
