import HTTPTypes

/// One request on its way to its answer; without a head there was none that could be read.
struct Exchange: Sendable {
  var id: RequestID
  var head: RequestHead?
  var start: ContinuousClock.Instant

  /// Whether the client wants the connection to go on; nothing follows what could not be read.
  var keepsAlive: Bool { head?.keepsAlive ?? false }

  var isHTTP10: Bool { head?.isHTTP10 ?? false }

  /// RFC 9110 §9.3.2: an answer to HEAD has the fields of one to GET, and no content.
  func sendsBody(of status: Int) -> Bool { head?.method != .head && ResponseHead.mayHaveBody(status) }

  func answered(label: String, status: Int, bytes: Int) -> AnsweredRequest {
    AnsweredRequest(
      id: id,
      method: head?.method,
      label: label,
      status: status,
      bytes: bytes,
      duration: ContinuousClock.now - start
    )
  }
}
