import Foundation
import GRDB
import HTTPServer
import HTTPTypes
import Logging

/// Answers a request: is it for us, what route is it, what does the action say; then the headers every answer has, and
/// the conditions the request made.
struct Application: Sendable {
  let router: Router
  let hosts: HostCheck
  let refusals: RefusalResponses
  let site: Site
  let proxies: TrustedProxies
  /// Where bodies go that are too large for memory: the store's, which has room for what they hold.
  let spoolFolder: String
  let accessLog: AccessLog?
  let meters: RequestMeters
  let log: Logger

  /// What the server asks of us.
  var responder: Responder {
    var responder = Responder(respond: respond)
    responder.admit = admit
    responder.prepared = prepared
    responder.trusts = proxies.trusts
    responder.reworded = ServerRefusals(refusals: refusals, hosts: hosts).reworded
    responder.refusalFields = site.headers.fields
    responder.answered = { [meters, accessLog] answered in
      meters(answered)
      accessLog?(answered)
    }
    return responder
  }

  func respond(to request: Request) async -> Response {
    var (response, pattern) = await answer(request)
    response.label = pattern
    let isMailedLink = pattern.contains("{token}")
    return site.headers.applied(to: response, isMailedLink: isMailedLink).conditional(on: request, now: time(nil))
  }

  /// A page or an asset that lies ready. Whatever is unusual about the request goes the long way.
  func prepared(_ head: RequestHead, _ peer: Request.Peer) -> PreparedResponse? {
    guard hosts.isOurs(head.authority, from: peer) else { return nil }
    return site.cache.page(at: head.path, hasQuery: head.query != nil) ?? site.assets.file(at: head.path)
  }

  /// A large body is read only for a key that may send one: anyone else is answered from the head.
  func admit(_ head: RequestHead, _ peer: Request.Peer) -> BodyAdmission {
    guard case .found(let route, _) = router.match(head.method, head.path) else {
      return .upTo(bytes: Self.strangersBodyLimit)
    }
    guard route.bodyLimit > Self.strangersBodyLimit, let permit = route.permit else {
      return .upTo(bytes: min(route.bodyLimit, Self.strangersBodyLimit))
    }
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
    guard hosts.isOurs(request.authority, from: request.peer) else {
      return .refused(site.headers.applied(to: refusals.misdirected(request)))
    }
    do {
      try permit(request)
    } catch {
      let refusal = error as? Refusal
      let answer = refusal.map { refusals.response(to: $0, request) } ?? refusals.failure(request)
      return .refused(site.headers.applied(to: answer))
    }
    return route.spoolsBody
      ? .intoFile(upTo: route.bodyLimit, folder: spoolFolder) : .upTo(bytes: route.bodyLimit)
  }

  private static let strangersBodyLimit = 65_536

  private func answer(_ request: Request) async -> (Response, pattern: String) {
    guard hosts.isOurs(request.authority, from: request.peer) || HostCheck.exemptPaths.contains(request.path) else {
      return (refusals.misdirected(request), "-")
    }
    if request.method == .options, request.path == "*" {
      return (Self.options(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]), "*")
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
      try Self.checkCoding(request)
      guard try await WritePrecondition(router: router).allows(request) else {
        return refusals.response(to: .preconditionFailed, request)
      }
      return try await route.action(request)
    } catch let refusal as Refusal {
      return refusals.response(to: refusal, request)
    } catch let error as DatabaseError where error.isAboutTheDisk {
      return unavailable(error.message ?? "", route, request)
    } catch let problem as StoreProblem {
      guard case .refusesWrites = problem else { return failure(problem, route, request) }
      return unavailable("\(problem)", route, request)
    } catch {
      return failure(error, route, request)
    }
  }

  private func unavailable(_ reason: String, _ route: Route, _ request: Request) -> Response {
    log.error(
      "store.refuses",
      metadata: ["request": "\(request.id)", "route": "\(route.pattern)", "error": "\(reason)"]
    )
    return refusals.response(to: .unavailable, request)
  }

  private func failure(_ error: any Error, _ route: Route, _ request: Request) -> Response {
    log.error(
      "http.failure",
      metadata: ["request": "\(request.id)", "route": "\(route.pattern)", "error": "\(error)"]
    )
    return refusals.failure(request)
  }

  /// RFC 9110 §15.5.16: a body in a coding nobody undoes would be taken for what it is not.
  private static func checkCoding(_ request: Request) throws {
    guard let coding = request.fields[.contentEncoding], coding.lowercased() != "identity" else { return }
    throw Refusal.unsupportedCoding
  }

  private static func options(_ allowed: [String]) -> Response {
    Response(status: .noContent, fields: [.allow: allowed.joined(separator: ", ")])
  }
}
