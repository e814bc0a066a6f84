@preconcurrency import Dispatch
import Foundation

/// Owns the descriptor of a connection and its two Dispatch sources. Each source is made once and cancelled once, and
/// the descriptor is closed when both are gone: closing it earlier hands its number to a stranger.
final class ConnectionSocket {
  private let descriptor: Int32
  private let queue: DispatchQueue
  private let readSource: any DispatchSourceRead
  private var writeSource: (any DispatchSourceWrite)?
  private var writeHandler: (@Sendable () -> Void)?
  private var isReadingPaused = true
  private(set) var isWaitingUntilWritable = false

  init(descriptor: Int32, queue: DispatchQueue) {
    self.descriptor = descriptor
    self.queue = queue
    var yes: Int32 = 1
    // Fails on a Unix socket, where there is no Nagle to turn off.
    _ = setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    readSource = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
  }

  func onReadable(_ handler: @escaping @Sendable () -> Void) {
    readSource.setEventHandler(handler: handler)
    resumeReading()
  }

  func onWritable(_ handler: @escaping @Sendable () -> Void) {
    writeHandler = handler
  }

  func receive(into buffer: inout [UInt8]) -> SystemCallResult {
    buffer.withUnsafeMutableBytes { bytes in
      systemCall { recv(descriptor, bytes.baseAddress, bytes.count, 0) }
    }
  }

  func send(_ bytes: [UInt8], from start: Int) -> SystemCallResult {
    bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return .done(0) }
      return systemCall { Foundation.send(descriptor, base + start, bytes.count - start, Int32(MSG_NOSIGNAL)) }
    }
  }

  func shutdownWriting() {
    _ = shutdown(descriptor, Int32(SHUT_WR))
  }

  func pauseReading() {
    guard !isReadingPaused else { return }
    isReadingPaused = true
    readSource.suspend()
  }

  func resumeReading() {
    guard isReadingPaused else { return }
    isReadingPaused = false
    readSource.resume()
  }

  func waitUntilWritable() {
    guard !isWaitingUntilWritable else { return }
    isWaitingUntilWritable = true
    let source = writeSource ?? makeWriteSource()
    source.resume()
  }

  func stopWaitingUntilWritable() {
    guard isWaitingUntilWritable else { return }
    isWaitingUntilWritable = false
    writeSource?.suspend()
  }

  /// Cancels the sources; when they are gone closes the descriptor and calls `completion`.
  func close(_ completion: @escaping @Sendable () -> Void) {
    let descriptor = descriptor
    let group = DispatchGroup()
    cancel(readSource, in: group)
    // A suspended source never runs its cancel handler, so both run once more before they go.
    resumeReading()
    if let writeSource {
      cancel(writeSource, in: group)
      if !isWaitingUntilWritable { writeSource.resume() }
    }
    group.notify(queue: queue) { @Sendable in
      Foundation.close(descriptor)
      completion()
    }
  }

  private func cancel(_ source: any DispatchSourceProtocol, in group: DispatchGroup) {
    group.enter()
    source.setCancelHandler { @Sendable in group.leave() }
    source.cancel()
  }

  private func makeWriteSource() -> any DispatchSourceWrite {
    let source = DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: queue)
    source.setEventHandler(handler: writeHandler)
    writeSource = source
    return source
  }
}
