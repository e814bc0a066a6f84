import CEpoll
@preconcurrency import Dispatch
import Foundation

/// The connections of a shard that are quiet. One epoll(7) instance watches them all, and Dispatch watches that: a source
/// for each connection, made and cancelled as they come and go, ends the process now and then, because libdispatch
/// finalizes some of them twice.
///
/// Unchecked because everything mutable here is touched on the shard's queue only.
final class ColdSet: @unchecked Sendable {
  /// Names one stay of one connection, so that an event which is already on its way never reaches a successor.
  typealias Ticket = UInt64

  /// The epoll instance; readable while some connection has something.
  let descriptor: Int32
  private let source: any DispatchSourceRead
  private var connections: [Ticket: Connection] = [:]
  private var lastTicket: Ticket = 0

  init(queue: DispatchQueue) throws(SystemCallError) {
    descriptor = try checked("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) }
    source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
    source.setCancelHandler { @Sendable [descriptor] in close(descriptor) }
  }

  /// - Parameter ready: called on the queue while some connection has something.
  func watch(_ ready: @escaping @Sendable () -> Void) {
    source.setEventHandler(handler: ready)
    source.resume()
  }

  deinit { source.cancel() }

  /// - Returns: nil when the system will not watch one more.
  func insert(_ connection: Connection, descriptor: Int32, read: Bool, write: Bool) -> Ticket? {
    lastTicket += 1
    let events = (read ? EPOLLIN.rawValue | EPOLLRDHUP.rawValue : 0) | (write ? EPOLLOUT.rawValue : 0)
    guard cepoll_add(self.descriptor, descriptor, events, lastTicket) == 0 else { return nil }
    connections[lastTicket] = connection
    return lastTicket
  }

  /// Before the descriptor is closed or watched by someone else.
  func remove(_ ticket: Ticket, descriptor: Int32) {
    guard connections.removeValue(forKey: ticket) != nil else { return }
    _ = cepoll_remove(self.descriptor, descriptor)
  }

  /// A connection that has something, and what.
  func next() -> (connection: Connection, readable: Bool, writable: Bool)? {
    var (ticket, events): (UInt64, UInt32) = (0, 0)
    while cepoll_next(descriptor, &ticket, &events) == 1 {
      guard let connection = connections[ticket] else { continue }
      let failed = events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
      let reads = events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue) != 0
      return (connection, failed || reads, events & EPOLLOUT.rawValue != 0)
    }
    return nil
  }
}
