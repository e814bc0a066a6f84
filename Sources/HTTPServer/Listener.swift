@preconcurrency import Dispatch
import Foundation

/// Accepts connections of one listening socket and deals them to the shards in turn.
///
/// Unchecked because `nextShard` and `isStopped` are touched on `queue` only.
final class Listener: @unchecked Sendable {
  private let socket: ListeningSocket
  private let shards: [Shard]
  private let service: ServerService
  private let queue = DispatchQueue(label: "http.listener")
  private let source: any DispatchSourceRead
  private var nextShard = 0
  private var isStopped = false

  init(socket: ListeningSocket, shards: [Shard], service: ServerService) {
    self.socket = socket
    self.shards = shards
    self.service = service
    source = DispatchSource.makeReadSource(fileDescriptor: socket.descriptor, queue: queue)
  }

  func start() {
    source.setEventHandler { @Sendable [weak self] in self?.acceptAll() }
    source.resume()
  }

  /// Takes in what already connected, then closes the socket.
  func stop() async {
    await withCheckedContinuation { continuation in
      queue.async { @Sendable [self] in
        acceptAll()
        isStopped = true
        source.setCancelHandler { @Sendable [descriptor = socket.descriptor] in
          Foundation.close(descriptor)
          continuation.resume()
        }
        source.cancel()
      }
    }
  }

  private func acceptAll() {
    while !isStopped {
      let (result, peer) = socket.accept()
      switch result {
      case .done(let descriptor): hand(Int32(descriptor), from: peer)
      case .wouldBlock: return
      // ECONNABORTED and friends: that client is gone, the next may be there.
      case .failed(let code) where [ECONNABORTED, EPROTO, EPERM].contains(code): continue
      case .failed: return rest()
      }
    }
  }

  private func hand(_ descriptor: Int32, from peer: Request.Peer) {
    do {
      try setNonBlocking(descriptor)
    } catch {
      Foundation.close(descriptor)
      return
    }
    let refusal = service.connectionOpened(peer)
    let shard = shards[nextShard]
    nextShard = (nextShard + 1) % shards.count
    shard.queue.async { @Sendable [service] in
      Connection(descriptor: descriptor, peer: peer, shard: shard, service: service).start(refusal: refusal)
    }
  }

  /// Out of descriptors or memory: the waiting connection keeps the source firing, so look away for a moment.
  private func rest() {
    source.suspend()
    queue.asyncAfter(deadline: .now() + .milliseconds(100)) { @Sendable [self] in source.resume() }
  }
}
