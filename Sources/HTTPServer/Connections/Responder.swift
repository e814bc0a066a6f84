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

  /// Puts an answer that the server words itself, in plain text, to what never reaches the application, into the
  /// application's form. Its status and its `Retry-After` stay.
  public var reworded: @Sendable (Response, RefusedRequest) -> Response = { plain, _ in plain }

  /// Fields for answers to what never reaches the application.
  public var refusalFields: HTTPFields = [:]

  /// Told of every answer, on the connection's shard. Nil costs nothing.
  public var answered: (@Sendable (AnsweredRequest) -> Void)?

  public init(respond: @escaping @Sendable (Request) async -> Response) {
    self.respond = respond
  }
}

/// A request that the server refuses by itself: it could not be read whole, or may not be processed.
public struct RefusedRequest: Sendable {
  /// Nil when it broke off before its end.
  public var head: RequestHead?
  /// Of a head that broke off, HEAD or nothing.
  public var method: HTTPRequest.Method?
  /// As sent, without the query, as far as it can be told; nothing else of a head that broke off has been checked.
  public var path: String?
  public var peer: Request.Peer

  init(_ head: RequestHead?, _ rejected: RejectedBeginning, _ peer: Request.Peer) {
    self.head = head
    method = head?.method ?? (rejected.isHEAD ? .head : nil)
    path = head?.path ?? rejected.path
    self.peer = peer
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
