import HTTPTypes

/// One request on its way to its answer; without a head it could not be read whole.
struct Exchange: Sendable {
  var id: RequestID
  var head: RequestHead?
  /// Of what could not be read, too, as far as it came.
  var method: HTTPRequest.Method?
  var start: ContinuousClock.Instant

  /// Whether the client wants the connection to go on; nothing follows what could not be read.
  var keepsAlive: Bool { head?.keepsAlive ?? false }

  var isHTTP10: Bool { head?.isHTTP10 ?? false }

  /// RFC 9110 §9.3.2: an answer to HEAD has the fields of one to GET, and no content.
  func sendsBody(of status: Int) -> Bool { method != .head && ResponseHead.mayHaveBody(status) }

  func answered(label: String, status: Int, bytes: Int) -> AnsweredRequest {
    AnsweredRequest(
      id: id,
      method: method,
      label: label,
      status: status,
      bytes: bytes,
      duration: ContinuousClock.now - start
    )
  }
}
