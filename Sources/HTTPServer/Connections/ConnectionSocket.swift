import Foundation

/// Owns the descriptor of a connection and says how its shard hears of events on it. A busy connection is hot: the shard
/// polls it itself, which costs a fraction of a system call. One that has been quiet for a moment is cold: the kernel
/// keeps an eye on it, which costs nothing while nothing happens. One that wants no event is parked.
final class ConnectionSocket {
  private enum Place: Equatable {
    case parked
    case hot(Int)
    case cold(ColdSet.Ticket)
  }

  private let descriptor: Int32
  private let shard: Shard
  private var place = Place.parked
  private var wantsRead = false
  private var wantsWrite = false

  init(descriptor: Int32, shard: Shard) {
    self.descriptor = descriptor
    self.shard = shard
  }

  // MARK: Bytes

  func receive(into buffer: inout [UInt8]) -> SystemCallResult {
    buffer.withUnsafeMutableBytes { bytes in
      systemCall { recv(descriptor, bytes.baseAddress, bytes.count, 0) }
    }
  }

  /// Sends what follows `start` of the two as if they were one, in one system call.
  func send(_ first: [UInt8], _ second: [UInt8], from start: Int) -> SystemCallResult {
    first.withUnsafeBytes { first in
      second.withUnsafeBytes { second in
        let skipped = min(start, first.count)
        let parts = [Self.part(first, from: skipped), Self.part(second, from: start - skipped)]
        return send(parts[skipped == first.count ? 1 : 0], parts[1], isOne: skipped == first.count || second.isEmpty)
      }
    }
  }

  private func send(_ first: iovec, _ second: iovec, isOne: Bool) -> SystemCallResult {
    let flags = Int32(MSG_NOSIGNAL)
    guard !isOne else { return systemCall { Foundation.send(descriptor, first.iov_base, first.iov_len, flags) } }
    var parts = (first, second)
    return withUnsafeMutablePointer(to: &parts) { pointer in
      pointer.withMemoryRebound(to: iovec.self, capacity: 2) { vectors in
        var message = msghdr()
        message.msg_iov = vectors
        message.msg_iovlen = 2
        return systemCall { sendmsg(descriptor, &message, flags) }
      }
    }
  }

  private static func part(_ bytes: UnsafeRawBufferPointer, from start: Int) -> iovec {
    guard let base = bytes.baseAddress else { return iovec() }
    return iovec(iov_base: UnsafeMutableRawPointer(mutating: base + start), iov_len: bytes.count - start)
  }

  func shutdownWriting() {
    _ = shutdown(descriptor, Int32(SHUT_WR))
  }

  // MARK: Events

  /// Hears of these events from now on, hot.
  func want(read: Bool, write: Bool, for connection: Connection) {
    if case .cold = place { leave() } else if read == wantsRead, write == wantsWrite { return }
    wantsRead = read
    wantsWrite = write
    switch place {
    case .hot(let index) where read || write: shard.hot.change(index, events: events)
    case .hot: leave()
    case .parked, .cold:
      guard read || write else { return }
      place = .hot(shard.hot.insert(connection, descriptor: descriptor, events: events))
      shard.beginRounds()
    }
  }

  /// The hot set moved it.
  func moved(to index: Int) { place = .hot(index) }

  /// Leaves the watching to the kernel. Where that has no room the connection stays hot.
  func cool(for connection: Connection) {
    guard case .hot = place,
      let ticket = shard.cold.insert(connection, descriptor: descriptor, read: wantsRead, write: wantsWrite)
    else { return }
    leave()
    place = .cold(ticket)
  }

  private func leave() {
    switch place {
    case .hot(let index): shard.hot.remove(index)
    case .cold(let ticket): shard.cold.remove(ticket, descriptor: descriptor)
    case .parked: break
    }
    place = .parked
  }

  private var events: Int16 { Int16((wantsRead ? POLLIN : 0) | (wantsWrite ? POLLOUT : 0)) }

  // MARK: The end

  func close() {
    leave()
    Foundation.close(descriptor)
  }
}
