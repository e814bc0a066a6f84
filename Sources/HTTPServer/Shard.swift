@preconcurrency import Dispatch
import Foundation

/// One serial queue and the connections it owns. It is also the executor their handlers prefer, so a request that
/// needs no other thread is parsed, answered and written on one.
///
/// Unchecked because everything mutable here is touched on `queue` only.
final class Shard: TaskExecutor, @unchecked Sendable {
  let queue: DispatchQueue
  private let timer: any DispatchSourceTimer
  private var connections: [ObjectIdentifier: Connection] = [:]
  var encoder = ResponseEncoder()
  var readBuffer = [UInt8](repeating: 0, count: 65_536)
  private(set) var isDraining = false

  init(number: Int) {
    queue = DispatchQueue(label: "http.shard.\(number)")
    timer = DispatchSource.makeTimerSource(queue: queue)
    timer.schedule(deadline: .now() + .milliseconds(100), repeating: .milliseconds(100), leeway: .milliseconds(20))
    timer.setEventHandler { @Sendable [weak self] in self?.closeOverdueConnections() }
    timer.resume()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { @Sendable in job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }

  func add(_ connection: Connection) {
    connections[ObjectIdentifier(connection)] = connection
  }

  func remove(_ connection: Connection) {
    connections[ObjectIdentifier(connection)] = nil
  }

  /// Asks every connection to finish what it has and close. Call on `queue`.
  func beginDrain() {
    isDraining = true
    for connection in connections.values { connection.drain() }
  }

  /// Drops what did not finish in time. Call on `queue`.
  func closeAll() {
    for connection in connections.values { connection.close() }
  }

  func stop() {
    timer.cancel()
  }

  private func closeOverdueConnections() {
    guard !connections.isEmpty else { return }
    let now = ContinuousClock.now
    for connection in connections.values where connection.isOverdue(at: now) {
      connection.handleOverdue()
    }
  }
}
