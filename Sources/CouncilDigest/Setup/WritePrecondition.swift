import HTTPServer
import HTTPTypes

/// `If-Match` and `If-None-Match` of a PUT, PATCH or DELETE (RFC 9110 §13.1): held against what a GET of the same address
/// shows now. Whoever sends none is not asked.
struct WritePrecondition: Sendable {
  let router: Router

  func allows(_ request: Request) async throws -> Bool {
    guard [.put, .patch, .delete].contains(request.method) else { return true }
    let (wanted, unwanted) = (request.fields[.ifMatch], request.fields[.ifNoneMatch])
    guard wanted != nil || unwanted != nil else { return true }
    let tag = try await currentTag(request)
    if let wanted { guard let tag, tag.isMatched(byIfMatch: wanted) else { return false } }
    if let unwanted, let tag, tag.isMatched(byIfNoneMatch: unwanted) { return false }
    return true
  }

  private func currentTag(_ request: Request) async throws -> EntityTag? {
    guard case .found(let route, let parameters) = router.match(.get, request.path) else { return nil }
    var reading = request
    reading.method = .get
    reading.body = []
    reading.parameters = parameters
    do {
      return try await route.action(reading).fields[.eTag].flatMap(EntityTag.init(field:))
    } catch Refusal.notFound {
      return nil
    }
  }
}
