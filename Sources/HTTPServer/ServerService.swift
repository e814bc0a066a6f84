import HTTPTypes
import Synchronization

/// What all connections of one server share: its limits, its handler and the count of who is connected.
final class ServerService: Sendable {
  let limits: Limits
  let admission: @Sendable (RequestHead, Request.Peer) -> BodyAdmission
  let handler: @Sendable (Request) async -> Response
  private let counts = Mutex(Counts())

  private struct Counts {
    var total = 0
    var perPeer: [Request.Peer: Int] = [:]
  }

  init(
    limits: Limits,
    admission: @escaping @Sendable (RequestHead, Request.Peer) -> BodyAdmission,
    handler: @escaping @Sendable (Request) async -> Response
  ) {
    self.limits = limits
    self.admission = admission
    self.handler = handler
  }

  var connectionCount: Int { counts.withLock { $0.total } }

  /// Counts a connection in. The answer is a refusal when there are too many already.
  func connectionOpened(_ peer: Request.Peer) -> Response? {
    counts.withLock { counts in
      counts.total += 1
      counts.perPeer[peer, default: 0] += 1
      let isFull = limits.connections > 0 && counts.total > limits.connections
      let isGreedy =
        limits.connectionsPerClient > 0 && peer != .unixSocket
        && counts.perPeer[peer, default: 0] > limits.connectionsPerClient
      guard isFull || isGreedy else { return nil }
      var refusal = Response.text(.serviceUnavailable, "too many connections, try again shortly")
      refusal.fields[.retryAfter] = "5"
      return refusal
    }
  }

  func connectionClosed(_ peer: Request.Peer) {
    counts.withLock { counts in
      counts.total -= 1
      let left = counts.perPeer[peer, default: 1] - 1
      counts.perPeer[peer] = left > 0 ? left : nil
    }
  }
}
