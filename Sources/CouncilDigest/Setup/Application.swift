import Foundation
import GRDB
import HTTPServer
import HTTPTypes
import Logging

/// Answers a request: is it for us, what route is it, what does the action say; then the headers every answer has.
struct Application: Sendable {
  let apiKeys: APIKeys
  let router: Router
  let hosts: HostCheck
  let refusals: RefusalResponses
  let isSecure: Bool
  let log: Logger

  func respond(to request: Request) async -> Response {
    let start = ContinuousClock.now
    let (answer, pattern) = await answer(request)
    let response = secured(conditional(answer, request))
    log.debug(
      "http.request",
      metadata: [
        // The pattern, not the path: paths hold tokens.
        "method": "\(request.method.rawValue)", "route": "\(pattern)", "status": "\(response.status.code)",
        "ms": "\((ContinuousClock.now - start).milliseconds)",
      ]
    )
    return response
  }

  /// A large body is read only for a key that may send one: anyone else is answered from the head.
  func admit(_ head: RequestHead, _ peer: Request.Peer) -> BodyAdmission {
    guard case .found(let route, _) = router.match(head.method, head.path), route.bodyLimit > Self.strangersBodyLimit
    else { return .upTo(bytes: Self.strangersBodyLimit) }
    let request = Request(
      method: head.method,
      path: head.path,
      authority: head.authority,
      fields: head.fields,
      peer: peer
    )
    if case .length(let length) = head.framing, length <= Self.strangersBodyLimit {
      return .upTo(bytes: Self.strangersBodyLimit)
    }
    guard hosts.isOurs(request) else { return .refused(secured(refusals.misdirected(request))) }
    guard apiKeys.role(of: head.fields[.authorization], from: peer) != nil else {
      return .refused(secured(refusals.response(to: .noKey, request)))
    }
    return .upTo(bytes: route.bodyLimit)
  }

  private static let strangersBodyLimit = 65_536

  private func answer(_ request: Request) async -> (Response, pattern: String) {
    guard hosts.isOurs(request) || HostCheck.exemptPaths.contains(request.path) else {
      return (refusals.misdirected(request), "-")
    }
    if request.method == .options, request.path == "*" {
      return (Self.options(["GET", "HEAD", "POST", "OPTIONS"]), "*")
    }
    switch router.match(request.method, request.path) {
    case .found(let route, let parameters):
      var request = request
      request.parameters = parameters
      return (await perform(route, request), route.pattern)
    case .methodNotAllowed(let allowed) where request.method == .options:
      return (Self.options(allowed.map(\.rawValue)), "-")
    case .methodNotAllowed(let allowed): return (refusals.methodNotAllowed(allowed, request), "-")
    case .notFound:
      let refusal = Refusal.notFound("There is nothing at this address. Check it for mistakes")
      return (refusals.response(to: refusal, request), "-")
    case .unreadable:
      return (refusals.response(to: .unreadable("The address is not readable"), request), "-")
    }
  }

  private func perform(_ route: Route, _ request: Request) async -> Response {
    do {
      return try await route.action(request)
    } catch let refusal as Refusal {
      return refusals.response(to: refusal, request)
    } catch let error as DatabaseError where Self.isAboutTheDisk(error) {
      log.error("store.refuses", metadata: ["route": "\(route.pattern)", "error": "\(error.message ?? "")"])
      return refusals.response(to: .unavailable, request)
    } catch {
      log.error("http.failure", metadata: ["route": "\(route.pattern)", "error": "\(error)"])
      return refusals.failure(request)
    }
  }

  private static func isAboutTheDisk(_ error: DatabaseError) -> Bool {
    let codes: [ResultCode] = [.SQLITE_FULL, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_BUSY]
    return codes.contains(error.resultCode)
  }

  /// RFC 9110 §13.1.2: a GET of what the client has already is 304, without a body.
  private func conditional(_ response: Response, _ request: Request) -> Response {
    guard response.status == .ok, [.get, .head].contains(request.method), let tag = response.fields[.eTag],
      let held = request.fields[.ifNoneMatch],
      EntityTag(String(tag.dropFirst().dropLast())).isMatched(byIfNoneMatch: held)
    else { return response }
    var notModified = Response(status: .notModified)
    for name in [HTTPField.Name.eTag, .cacheControl, .vary, .contentLocation, .expires] {
      notModified.fields[name] = response.fields[name]
    }
    return notModified
  }

  private func secured(_ response: Response) -> Response {
    var response = response
    func add(_ name: HTTPField.Name, _ value: String) {
      if response.fields[name] == nil { response.fields[name] = value }
    }
    add(
      .contentSecurityPolicy,
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    add(.xContentTypeOptions, "nosniff")
    add(.referrerPolicy, "strict-origin-when-cross-origin")
    add(.crossOriginOpenerPolicy, "same-origin")
    add(.permissionsPolicy, "camera=(), geolocation=(), microphone=()")
    if isSecure { add(.strictTransportSecurity, "max-age=31536000; includeSubDomains") }
    return response
  }

  private static func options(_ allowed: [String]) -> Response {
    Response(status: .noContent, fields: [.allow: allowed.joined(separator: ", ")])
  }
}
