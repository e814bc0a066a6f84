import HTTPTypes

/// One line of a route table: `GET /councils/{council}` and what answers it.
public struct Route: Sendable {
  public typealias Action = @Sendable (Request) async throws -> Response

  public var method: HTTPRequest.Method
  /// Literal segments and `{name}` segments.
  public var pattern: String
  /// The largest body this route reads, in bytes.
  public var bodyLimit: Int
  public var action: Action

  public init(
    _ method: HTTPRequest.Method,
    _ pattern: String,
    bodyLimit: Int = 65_536,
    _ action: @escaping Action
  ) {
    self.method = method
    self.pattern = pattern
    self.bodyLimit = bodyLimit
    self.action = action
  }
}
