@preconcurrency import Dispatch
import Foundation

/// Owns the descriptor of a connection and says how its shard hears of events on it. A busy connection is hot: the shard
/// polls it itself, which costs a fraction of a system call. One that has been quiet for a moment is cold: Dispatch
/// watches it, which costs nothing while nothing happens. One that wants no event is parked.
///
/// Each source is made once, when the connection first cools, and cancelled once; the descriptor is closed when both are
/// gone, because closing it earlier hands its number to a stranger.
final class ConnectionSocket {
  private enum Place: Equatable {
    case parked
    case hot(Int)
    case cold
  }

  private let descriptor: Int32
  private let shard: Shard
  private var place = Place.parked
  private var wantsRead = false
  private var wantsWrite = false
  /// Which sources run.
  private var armed = (read: false, write: false)
  private var readSource: (any DispatchSourceRead)?
  private var writeSource: (any DispatchSourceWrite)?

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
    guard read != wantsRead || write != wantsWrite || place == .cold else { return }
    wantsRead = read
    wantsWrite = write
    switch place {
    case .hot(let index) where read || write: shard.hot.change(index, events: events)
    case .hot(let index):
      shard.hot.remove(index)
      place = .parked
    case .parked, .cold:
      if place == .cold { watch(false) }
      place = .parked
      guard read || write else { return }
      place = .hot(shard.hot.insert(connection, descriptor: descriptor, events: events))
      shard.beginRounds()
    }
  }

  /// The hot set moved it.
  func moved(to index: Int) { place = .hot(index) }

  /// Leaves the watching to Dispatch.
  func cool(for connection: Connection) {
    guard case .hot(let index) = place else { return }
    shard.hot.remove(index)
    place = .cold
    watch(true, for: connection)
  }

  private var events: Int16 { Int16((wantsRead ? POLLIN : 0) | (wantsWrite ? POLLOUT : 0)) }

  private func watch(_ isCold: Bool, for connection: Connection? = nil) {
    let read = isCold && wantsRead
    let write = isCold && wantsWrite
    if read != armed.read {
      let source = readSource ?? makeReadSource(connection)
      if read { source.resume() } else { source.suspend() }
    }
    if write != armed.write {
      let source = writeSource ?? makeWriteSource(connection)
      if write { source.resume() } else { source.suspend() }
    }
    armed = (read, write)
  }

  private func makeReadSource(_ connection: Connection?) -> any DispatchSourceRead {
    let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: shard.queue)
    source.setEventHandler { @Sendable [weak connection] in connection?.woke(readable: true, writable: false) }
    readSource = source
    return source
  }

  private func makeWriteSource(_ connection: Connection?) -> any DispatchSourceWrite {
    let source = DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: shard.queue)
    source.setEventHandler { @Sendable [weak connection] in connection?.woke(readable: false, writable: true) }
    writeSource = source
    return source
  }

  // MARK: The end

  /// Cancels the sources; when they are gone closes the descriptor and calls `completion`.
  func close(_ completion: @escaping @Sendable () -> Void) {
    if case .hot(let index) = place { shard.hot.remove(index) }
    place = .parked
    guard readSource != nil || writeSource != nil else {
      Foundation.close(descriptor)
      return completion()
    }
    let descriptor = descriptor
    let group = DispatchGroup()
    // A suspended source never runs its cancel handler, so both are resumed once more before they go.
    if let readSource {
      cancel(readSource, in: group)
      if !armed.read { readSource.resume() }
    }
    if let writeSource {
      cancel(writeSource, in: group)
      if !armed.write { writeSource.resume() }
    }
    group.notify(queue: shard.queue) { @Sendable in
      Foundation.close(descriptor)
      completion()
    }
  }

  private func cancel(_ source: any DispatchSourceProtocol, in group: DispatchGroup) {
    group.enter()
    source.setCancelHandler { @Sendable in group.leave() }
    source.cancel()
  }
}
