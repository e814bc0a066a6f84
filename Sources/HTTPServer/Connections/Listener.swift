@preconcurrency import Dispatch
import Foundation

/// Accepts connections of one listening socket and deals them to the shards in turn.
///
/// Unchecked because everything mutable here is touched on `queue` only.
final class Listener: @unchecked Sendable {
  private let socket: ListeningSocket
  private let shards: [Shard]
  private let service: ServerService
  private let queue = DispatchQueue(label: "http.listener")
  private let source: any DispatchSourceRead
  private var reserve = ReserveDescriptor()
  private let budget = DescriptorBudget()
  private var nextShard = 0
  private var lastRoomMade = ContinuousClock.now
  private var isStopped = false
  private static let turnedAwayAtATime = 64

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
    var turnedAway = 0
    while !isStopped {
      let (result, peer) = socket.accept()
      switch result {
      case .done(let descriptor) where budget.allows(Int32(descriptor)): hand(Int32(descriptor), from: peer)
      case .done(let descriptor): turnAway(Int32(descriptor))
      case .wouldBlock: return
      // ECONNABORTED and friends: that client is gone, the next may be there.
      case .failed(let code) where [ECONNABORTED, EPROTO, EPERM].contains(code): continue
      case .failed(let code) where [EMFILE, ENFILE].contains(code):
        turnedAway += 1
        guard turnedAway <= Self.turnedAwayAtATime, turnAwayOne() else { return lookAway() }
      case .failed: return lookAway()
      }
    }
  }

  private func hand(_ descriptor: Int32, from peer: Request.Peer) {
    if service.isFull { makeRoom() }
    guard let visitor = service.connectionOpened(peer) else {
      Foundation.close(descriptor)
      return
    }
    guard (try? setNonBlocking(descriptor)) != nil else {
      service.connectionClosed(visitor)
      Foundation.close(descriptor)
      return
    }
    let shard = shards[nextShard]
    nextShard = (nextShard + 1) % shards.count
    shard.submit { @Sendable [service] in
      Connection(descriptor: descriptor, visitor: visitor, shard: shard, service: service).start()
    }
  }

  /// Someone who waits is worth more than someone who idles. Soon enough for the next connection, not for this one.
  private func makeRoom() {
    guard ContinuousClock.now - lastRoomMade > .milliseconds(100) else { return }
    lastRoomMade = .now
    for shard in shards { shard.submit { @Sendable in shard.closeLongestIdle() } }
  }

  /// Out of descriptors: one is kept for telling a client so. False when even that is gone, or when nobody waits:
  /// the system says that there is no descriptor before it looks whether there is anybody.
  private func turnAwayOne() -> Bool {
    guard reserve.release() else { return false }
    defer { reserve.take() }
    guard case .done(let accepted) = socket.accept().result else { return false }
    turnAway(Int32(accepted))
    return true
  }

  private func turnAway(_ descriptor: Int32) {
    // What was sent already is taken, because closing on it would destroy the answer.
    var request = [UInt8](repeating: 0, count: 16_384)
    _ = recv(descriptor, &request, request.count, Int32(MSG_DONTWAIT))
    let refusal = service.last(ServerService.overloaded)
    let bytes = refusal.head.bytes + Array("Connection: close\r\n\r\n".utf8) + refusal.body
    _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    shutdown(descriptor, Int32(SHUT_WR))
    Foundation.close(descriptor)
  }

  /// The waiting connection keeps the source firing, so look away for a moment.
  private func lookAway() {
    source.suspend()
    queue.asyncAfter(deadline: .now() + .milliseconds(100)) { @Sendable [self] in
      reserve.take()
      source.resume()
    }
  }
}
