import HTTPTypes

/// One line of a route table: `GET /councils/{council}` and what answers it.
public struct Route: Sendable {
  public typealias Action = @Sendable (Request) async throws -> Response

  public var method: HTTPRequest.Method
  /// Literal segments and `{name}` segments.
  public var pattern: String
  /// The largest body this route reads, in bytes.
  public var bodyLimit: Int
  /// Whether a large body goes into a file, so that it costs no memory.
  public var spoolsBody: Bool
  /// Whether this request, of which only the head is known, may send a large body: what it throws is the answer. Nil when
  /// nobody may.
  public var permit: (@Sendable (Request) throws -> Void)?
  public var action: Action

  public init(
    _ method: HTTPRequest.Method,
    _ pattern: String,
    bodyLimit: Int = 65_536,
    spoolsBody: Bool = false,
    permit: (@Sendable (Request) throws -> Void)? = nil,
    _ action: @escaping Action
  ) {
    self.method = method
    self.pattern = pattern
    self.bodyLimit = bodyLimit
    self.spoolsBody = spoolsBody
    self.permit = permit
    self.action = action
  }
}
