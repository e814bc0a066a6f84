import HTTPTypes

/// What the preconditions of a GET or HEAD make of an answer, in the order of RFC 9110 §13.2.2.
enum Precondition: Equatable {
  case proceed
  case notModified
  case failed

  /// - Parameters:
  ///   - tag: of the representation that was selected, if it has one.
  ///   - lastModified: of the same, in seconds since 1970.
  ///   - field: looks a request field up by its lower-case name.
  static func evaluate(
    tag: EntityTag?,
    lastModified: Int?,
    now: Int,
    field: (StaticString) -> String?
  ) -> Precondition {
    if let value = field("if-match") {
      guard tag?.isMatched(byIfMatch: value) == true || value == "*" else { return .failed }
    } else if let since = field("if-unmodified-since").flatMap({ HTTPDate.parse($0, now: now) }), let lastModified {
      guard lastModified <= since else { return .failed }
    }
    // RFC 9110 §13.1.3: If-Modified-Since counts only where there is no If-None-Match.
    if let value = field("if-none-match") {
      return tag?.isMatched(byIfNoneMatch: value) == true ? .notModified : .proceed
    }
    if let since = field("if-modified-since").flatMap({ HTTPDate.parse($0, now: now) }), let lastModified {
      return lastModified <= since ? .notModified : .proceed
    }
    return .proceed
  }
}

extension Response {
  /// This answer to `request` after its preconditions: whole, 304, or 412. Only a 200 to GET or HEAD is conditional.
  /// - Parameter now: seconds since 1970.
  public func conditional(on request: Request, now: Int) -> Response {
    guard status == .ok, request.method == .get || request.method == .head else { return self }
    let outcome = Precondition.evaluate(
      tag: fields[.eTag].flatMap(EntityTag.init(field:)),
      lastModified: fields[.lastModified].flatMap { HTTPDate.parse($0, now: now) },
      now: now
    ) { name in HTTPField.Name("\(name)").flatMap { request.fields[$0] } }
    switch outcome {
    case .proceed: return self
    case .notModified: return notModified
    case .failed:
      var response = notModified
      response.status = .preconditionFailed
      response.fields[.contentType] = "text/plain; charset=utf-8"
      response.body = Array("What is here is not what the request is conditional on.\n".utf8)
      return response
    }
  }

  /// RFC 9110 §15.4.5: repeats what a cache updates, and nothing about a body.
  var notModified: Response {
    var response = Response(status: .notModified, fields: fields)
    for name in [HTTPField.Name.contentType, .contentEncoding, .lastModified] { response.fields[name] = nil }
    response.label = label
    return response
  }
}
