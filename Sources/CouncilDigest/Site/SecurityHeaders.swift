import HTTPServer
import HTTPTypes

/// The fields that every answer carries, whatever it is (OWASP ASVS 5.0, 3.4). What an action has set itself stays.
struct SecurityHeaders: Sendable {
  let fields: HTTPFields

  /// - Parameter isSecure: readers reach the service by https, so browsers may be told to insist on it.
  init(isSecure: Bool) {
    var fields: HTTPFields = [
      .contentSecurityPolicy:
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        + "frame-ancestors 'none'",
      .xContentTypeOptions: "nosniff",
      .referrerPolicy: "strict-origin-when-cross-origin",
      .crossOriginOpenerPolicy: "same-origin",
      .permissionsPolicy: "camera=(), geolocation=(), microphone=()",
    ]
    if isSecure { fields[.strictTransportSecurity] = "max-age=31536000; includeSubDomains" }
    self.fields = fields
  }

  /// What is at an address that is a key: nobody else may keep it, hear of it or list it.
  private static let ofMailedLink: HTTPFields = [
    .cacheControl: "no-store", .referrerPolicy: "no-referrer", .robotsTag: "noindex",
  ]

  func applied(to response: Response, isMailedLink: Bool = false) -> Response {
    var response = response
    if isMailedLink { for field in Self.ofMailedLink { response.fields[field.name] = field.value } }
    for field in fields where response.fields[field.name] == nil { response.fields.append(field) }
    return response
  }
}
