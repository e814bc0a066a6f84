import Foundation

/// What wakes and stops the sender's threads.
///
/// Unchecked because everything mutable is touched with the condition locked.
final class Bell: @unchecked Sendable {
  private let condition = NSCondition()
  private var rings = 0
  private var stopDeadline: ContinuousClock.Instant?
  private var workers = 0

  /// Wakes one thread. One that finds work rings again, so that for much work all are up in a moment, and for one
  /// letter not all of them get up.
  func ring() {
    condition.withLock {
      rings += 1
      condition.signal()
    }
  }

  /// How often it was rung. Read it before looking for work: a ring in between is then not missed.
  var count: Int { condition.withLock { rings } }

  /// Returns when rung more than `count` times, when stopping, or after `seconds`.
  func wait(seconds: TimeInterval, since count: Int) {
    condition.withLock {
      let deadline = Date().addingTimeInterval(seconds)
      while rings == count, stopDeadline == nil {
        guard condition.wait(until: deadline) else { break }
      }
    }
  }

  /// Returns after `seconds`, or when stopping: nothing that is rung for could be done before.
  func pause(seconds: TimeInterval) {
    condition.withLock {
      let deadline = Date().addingTimeInterval(seconds)
      while stopDeadline == nil {
        guard condition.wait(until: deadline) else { break }
      }
    }
  }

  func stop(within duration: Duration) {
    condition.withLock {
      stopDeadline = min(stopDeadline ?? .now + duration, .now + duration)
      condition.broadcast()
    }
  }

  var isStopping: Bool { condition.withLock { stopDeadline != nil } }
  var isOverdue: Bool { condition.withLock { stopDeadline.map { ContinuousClock.now > $0 } ?? false } }
  var workerCount: Int { condition.withLock { workers } }
  func workerStarted() { condition.withLock { workers += 1 } }
  func workerEnded() { condition.withLock { workers -= 1 } }
}
