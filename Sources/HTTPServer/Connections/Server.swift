@preconcurrency import Dispatch
import Foundation
import HTTPTypes

/// An HTTP/1.1 origin server on non-blocking sockets and Dispatch: listeners accept, shards own connections, one
/// responder answers every request.
///
/// Unchecked because the listeners are set once in `start`, before anything runs on another queue, and cleared in `drain`.
public final class Server: @unchecked Sendable {
  private let service: ServerService
  private let shards: [Shard]
  private var listeners: [Listener] = []

  /// - Parameter shards: serial queues that share the connections, each at most one core's worth of work. Nil is one less
  ///   than there are cores: on two, a second shard only takes turns with the store, the kernel and the clients.
  /// - Throws: `SystemCallError` when there is no descriptor left for a shard's wake-up.
  public init(
    limits: Limits = Limits(),
    shards: Int? = nil,
    _ responder: Responder
  ) throws {
    service = ServerService(limits: limits, responder: responder)
    let count = shards ?? ProcessInfo.processInfo.activeProcessorCount - 1
    self.shards = try (0..<max(1, count)).map { try Shard(number: $0) }
  }

  /// As above, for an application that only answers.
  public convenience init(_ respond: @escaping @Sendable (Request) async -> Response) throws {
    try self.init(Responder(respond: respond))
  }

  /// Binds every address and starts to accept.
  /// - Returns: the port of each address, in order; 0 for a Unix socket.
  /// - Throws: `ListenError` naming the address; then nothing is left listening.
  public func start(on addresses: [ListenAddress]) throws -> [Int] {
    var sockets: [ListeningSocket] = []
    do {
      for address in addresses { sockets.append(try ListeningSocket(address, unsentBytes: service.limits.unsentBytes)) }
    } catch {
      for socket in sockets { Foundation.close(socket.descriptor) }
      throw error
    }
    listeners = sockets.map { Listener(socket: $0, shards: shards, service: service) }
    for listener in listeners { listener.start() }
    return sockets.map(\.port)
  }

  /// Stops accepting, lets requests under way finish within `Limits.drainDeadline`, then closes what is left.
  public func drain() async {
    // First, so that a connection accepted from here on knows that its first answer is its last.
    for shard in shards { shard.submit { @Sendable in shard.beginDrain() } }
    for listener in listeners { await listener.stop() }
    listeners = []
    let end = ContinuousClock.now + service.limits.drainDeadline
    while ContinuousClock.now < end, service.connectionCount > 0 {
      try? await Task.sleep(for: .milliseconds(10))
    }
    for shard in shards {
      shard.submit { @Sendable in shard.closeAll() }
      shard.stop()
    }
  }

  /// Open connections now.
  public var connectionCount: Int { service.connectionCount }
}
