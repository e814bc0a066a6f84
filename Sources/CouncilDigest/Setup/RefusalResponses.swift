import Foundation
import HTTPServer
import HTTPTypes

/// The one place where refusals become statuses: problem+json (RFC 9457) for the API and JSON clients, a page for people.
struct RefusalResponses: Sendable {
  let site: Site

  private struct Problem: Encodable {
    struct Entry: Encodable {
      var line: Int?
      var pointer: String
      var detail: String
    }

    var type: String
    var title: String
    var status: Int
    var detail: String
    var errors: [Entry]?
    var errorsOmitted: Int?
  }

  private struct View {
    var title: String
    var detail: String
    var problems: [FieldProblem]
    var contact: String
  }

  func response(to refusal: Refusal, _ request: Request) -> Response {
    if case .moved(let from, let to) = refusal { return moved(from, to, request) }
    let (status, title, detail) = Self.words(for: refusal)
    var response =
      wantsJSON(request)
      ? json(refusal, status, title, detail) : page(refusal, status, title, detail, request)
    switch refusal {
    case .noKey: response.fields[.wwwAuthenticate] = "Bearer realm=\"council-digest\""
    case .tooMany(_, let seconds): response.fields[.retryAfter] = String(seconds)
    case .unavailable, .interrupted: response.fields[.retryAfter] = "60"
    case .unsupportedCoding: response.fields[.acceptEncoding] = "identity"
    case .invalid, .invalidLines, .unreadable, .unsupportedMediaType, .preconditionFailed, .notFound, .moved, .expired,
      .conflict, .wrongRole,
      .foreignOrigin:
      break
    }
    return response
  }

  /// A surprise. What it was stands in the log; the reader is told that it was not their fault.
  func failure(_ request: Request) -> Response {
    let (title, detail) = (
      "Sorry, there is a problem with the service",
      "Try again later. What you had already saved is safe. If you tell us about it, mention \(request.id)"
    )
    return wantsJSON(request)
      ? problem(.internalServerError, title, detail) : page(nil, .internalServerError, title, detail, request)
  }

  func methodNotAllowed(_ allowed: [HTTPRequest.Method], _ request: Request) -> Response {
    let list = allowed.map(\.rawValue).joined(separator: ", ")
    let title = "This address does not take \(request.method.rawValue)"
    let detail = "It takes \(list)"
    var response =
      wantsJSON(request)
      ? problem(.methodNotAllowed, title, detail) : page(nil, .methodNotAllowed, title, detail, request)
    response.fields[.allow] = list
    return response
  }

  /// Under a name that is not ours there are no pages.
  func misdirected(_ request: Request) -> Response {
    let detail = "This service does not answer for the host \(request.authority.prefix(200))"
    return wantsJSON(request)
      ? problem(.misdirectedRequest, "This is not where that host is", detail)
      : .text(.misdirectedRequest, "\(detail).")
  }

  /// What the server says without having asked us, as a problem or a page.
  func reworded(_ status: HTTPResponse.Status, _ title: String, _ detail: String, _ request: Request) -> Response {
    wantsJSON(request) ? problem(status, title, detail) : page(nil, status, title, detail, request)
  }

  /// Readers are led there. A change is not: whoever makes it should know where it goes.
  private func moved(_ from: String, _ to: String, _ request: Request) -> Response {
    let prefix = request.path.hasPrefix(APIKeys.path) ? APIKeys.path : ""
    let rest = request.path.dropFirst(prefix.count)
    let below = rest.dropFirst(from.count)
    guard rest.hasPrefix(from), below.isEmpty || below.hasPrefix("/") else {
      let detail = "It is at \(to) now"
      return wantsJSON(request)
        ? problem(.gone, "This has moved", detail) : page(nil, .gone, "This has moved", detail, request)
    }
    let place = prefix + to + below
    guard [.get, .head].contains(request.method) else {
      var response = problem(.gone, "This has moved", "Nothing was changed. Send it to \(place)")
      response.fields[.location] = place
      return response
    }
    let target = place + (request.query.map { "?\($0)" } ?? "")
    // Not for ever: a council may get its name back.
    return Response(status: .movedPermanently, fields: [.location: target, .cacheControl: "public, max-age=3600"])
  }

  static func words(for refusal: Refusal) -> (HTTPResponse.Status, String, String) {
    switch refusal {
    case .invalid(let problems):
      let first = problems.first.map { $0.field.isEmpty ? $0.detail : "\($0.field): \($0.detail)" } ?? ""
      return (.unprocessableContent, "There is a problem with what was sent", first)
    case .invalidLines(let problems, _):
      let first = problems.first.map { ". Line \($0.line): \($0.detail)" } ?? ""
      return (.unprocessableContent, "There is a problem with what was sent", "Nothing was imported\(first)")
    case .unreadable(let detail): return (.badRequest, "What was sent can’t be read", detail)
    case .unsupportedMediaType(let expected):
      return (.unsupportedMediaType, "What was sent is of a kind this address does not take", "It takes \(expected)")
    case .unsupportedCoding:
      return (.unsupportedMediaType, "What was sent is compressed", "Send it without Content-Encoding")
    case .preconditionFailed:
      return (
        .preconditionFailed, "This has changed meanwhile", "What is here is not what If-Match or If-None-Match says"
      )
    case .notFound(let detail): return (.notFound, "Not found", detail)
    case .moved(_, let to): return (.gone, "This has moved", "It is at \(to) now")
    case .expired(let detail): return (.gone, "This link has expired", detail)
    case .conflict(let detail): return (.conflict, "This can’t be done now", detail)
    case .noKey:
      return (.unauthorized, "An API key is needed", "Send a valid key as: Authorization: Bearer KEY")
    case .wrongRole(let needed): return (.forbidden, "This key may not do that", "It needs the role \(needed)")
    case .foreignOrigin:
      return (.forbidden, "This form was sent from another site", "Open our page and send the form from there")
    case .unavailable:
      return (
        .serviceUnavailable, "We can’t save anything at the moment", "Nothing was changed. Please try again later"
      )
    case .interrupted(let detail):
      return (.serviceUnavailable, "We can’t save anything more at the moment", detail)
    case .tooMany(let detail, _): return (.tooManyRequests, "Please try again later", detail)
    }
  }

  func wantsJSON(_ request: Request) -> Bool {
    request.path.hasPrefix("/api/")
      || MediaType(request.fields[.contentType] ?? "").essence == "application/json"
  }

  private func json(_ refusal: Refusal, _ status: HTTPResponse.Status, _ title: String, _ detail: String) -> Response {
    switch refusal {
    case .invalid(let problems):
      return problem(status, title, detail, problems.map { .init(pointer: $0.field, detail: $0.detail) })
    case .invalidLines(let problems, let omitted):
      let entries = problems.map { Problem.Entry(line: $0.line, pointer: $0.pointer, detail: $0.detail) }
      return problem(status, title, detail, entries, omitted: omitted)
    case .unreadable, .unsupportedMediaType, .unsupportedCoding, .preconditionFailed, .notFound, .moved, .expired,
      .conflict,
      .noKey, .wrongRole, .foreignOrigin, .unavailable, .interrupted, .tooMany:
      return problem(status, title, detail)
    }
  }

  private func problem(
    _ status: HTTPResponse.Status,
    _ title: String,
    _ detail: String,
    _ errors: [Problem.Entry]? = nil,
    omitted: Int? = nil
  ) -> Response {
    let problem = Problem(
      type: "about:blank",
      title: title,
      status: status.code,
      detail: detail,
      errors: errors,
      errorsOmitted: omitted
    )
    let response = try? JSONOutput.response(status, problem, contentType: "application/problem+json")
    return response ?? .text(status, detail)
  }

  private func page(
    _ refusal: Refusal?,
    _ status: HTTPResponse.Status,
    _ title: String,
    _ detail: String,
    _ request: Request
  ) -> Response {
    var problems: [FieldProblem] = []
    if case .invalid(let all)? = refusal { problems = all }
    let view = View(
      title: title,
      detail: detail,
      problems: problems,
      contact: site.identity.contactEmail
    )
    let response = try? site.page(
      "refusal",
      view,
      title: title,
      status: status,
      visibility: Self.visibility(of: request)
    )
    return response ?? .text(status, "\(title). \(detail).")
  }

  /// What stands at a mailed link's address is as private when the link is wrong.
  private static func visibility(of request: Request) -> Site.Visibility {
    ["/confirm/", "/unsubscribe/", "/preferences/", "/address-change/", "/sign-in/"].contains(
      where: request.path.hasPrefix
    ) ? .mailedLink : .onlyYou
  }
}
