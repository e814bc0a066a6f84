import HTTPTypes

/// What a server asks of the application behind it. Only the first is needed.
public struct Responder: Sendable {
  /// Answers a request. Runs on the connection's shard, so it must not block; it may await.
  public var respond: @Sendable (Request) async -> Response

  /// What becomes of a request's body, asked once the head is known and before any of the body is kept.
  public var admit: @Sendable (RequestHead, Request.Peer) -> BodyAdmission = { _, _ in .upTo(bytes: 65_536) }

  /// An answer that lies ready for this GET or HEAD, if there is one: it is sent without a task and without copying.
  /// `respond` is asked otherwise.
  public var prepared: @Sendable (RequestHead, Request.Peer) -> PreparedResponse? = { _, _ in nil }

  /// Whether a peer is a proxy of ours: it may hold any number of connections, and its `X-Request-ID` is taken over.
  public var trusts: @Sendable (Request.Peer) -> Bool = { _ in false }

  /// Fields for answers that the server words itself, to what never reaches the application.
  public var refusalFields: HTTPFields = [:]

  /// Told of every answer, on the connection's shard. Nil costs nothing.
  public var answered: (@Sendable (AnsweredRequest) -> Void)?

  public init(respond: @escaping @Sendable (Request) async -> Response) {
    self.respond = respond
  }
}

/// One answer as logs and metrics see it: nothing in it is secret unless the label is.
public struct AnsweredRequest: Sendable {
  public var id: RequestID
  /// Nil when no request could be read.
  public var method: HTTPRequest.Method?
  /// `Response.label`.
  public var label: String
  public var status: Int
  /// Of the body.
  public var bytes: Int
  /// From the whole request to the answer.
  public var duration: Duration
}
