import HTTPTypes

/// A request that cannot be processed, with the status the RFC asks for. The connection closes after it.
public struct Rejection: Error, Equatable, Sendable {
  public var status: HTTPResponse.Status
  public var reason: String

  init(_ status: HTTPResponse.Status, _ reason: String) {
    self.status = status
    self.reason = reason
  }

  static func malformed(_ reason: String) -> Rejection { Rejection(.badRequest, reason) }
}
