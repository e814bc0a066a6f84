import Foundation

/// Who this service is, to readers of its pages and letters.
public struct SiteIdentity: Equatable, Sendable {
  public var name: String
  /// Scheme and authority without a path or a trailing slash: the only source of absolute links.
  public var publicURL: String
  public var contactEmail: String
  /// The person or body that runs this service, if they want to be named.
  public var operatorName: String?
  public var timeZone: TimeZone

  public init(name: String, publicURL: String, contactEmail: String, operatorName: String?, timeZone: TimeZone) {
    self.name = name
    self.publicURL = publicURL
    self.contactEmail = contactEmail
    self.operatorName = operatorName
    self.timeZone = timeZone
  }

  /// The host of the public address: what ids that leave the service end with.
  public var host: String { URL(string: publicURL)?.host() ?? "localhost" }

  public var isSecure: Bool { publicURL.hasPrefix("https://") }

  /// An absolute link; `path` starts with a slash and is already percent-encoded.
  public func link(_ path: String) -> String { publicURL + path }
}
