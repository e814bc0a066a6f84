import HTTPTypes

/// One request as it arrived, parsed but not interpreted.
public struct Request: Sendable {
  /// Who is on the other side of the connection.
  public enum Peer: Equatable, Hashable, Sendable {
    /// An IPv4 or IPv6 address in its usual text form, without a port.
    case address(String)
    /// A process on this machine, through a Unix socket whose file mode was its authority.
    case unixSocket
  }

  public var method: HTTPRequest.Method
  /// The path as sent, still percent-encoded, always starting with "/" (or "*" for `OPTIONS *`).
  public var path: String
  /// The query as sent, without the question mark.
  public var query: String?
  /// From an absolute-form target, else from `Host`; empty when an HTTP/1.0 client sent neither.
  public var authority: String
  public var fields: HTTPFields
  public var body: [UInt8]
  /// The body, when it was admitted into a file and is not empty; `body` is empty then.
  public var spooledBody: SpooledBody?
  public var peer: Peer
  /// Stands in the answer and in logs.
  public var id: RequestID
  /// Filled by the router from the `{name}` segments of the route, percent-decoded.
  public var parameters: [String: String] = [:]

  public init(
    method: HTTPRequest.Method,
    path: String,
    query: String? = nil,
    authority: String = "localhost",
    fields: HTTPFields = [:],
    body: [UInt8] = [],
    peer: Peer = .address("127.0.0.1"),
    id: RequestID = RequestID(0)
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.authority = authority
    self.fields = fields
    self.body = body
    self.peer = peer
    self.id = id
  }

  init(_ head: RequestHead, body: [UInt8], _ spooledBody: SpooledBody?, peer: Peer, id: RequestID) {
    self.init(
      method: head.method,
      path: head.path,
      query: head.query,
      authority: head.authority,
      fields: head.fields,
      body: body,
      peer: peer,
      id: id
    )
    self.spooledBody = spooledBody
  }

  /// The value of a `{name}` segment; the route table guarantees it, so a missing one is a programmer's mistake.
  public func parameter(_ name: String) -> String {
    guard let value = parameters[name] else { preconditionFailure("the route has no {\(name)} segment") }
    return value
  }
}
