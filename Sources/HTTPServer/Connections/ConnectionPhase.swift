/// What a connection is about.
enum ConnectionPhase: Equatable {
  /// Waiting for, or reading, a request.
  case reading
  /// The responder, or the file a body goes into, is at work; what the client sends meanwhile waits.
  case handling
  /// The last answer is being written; then the connection closes in stages.
  case finishing
  /// Our side is shut; waiting for the peer's end so that it sees our answer (RFC 9112 §9.6).
  case lingering
  case closed
}
