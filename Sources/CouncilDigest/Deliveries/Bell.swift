import Foundation

/// What wakes and stops the sender's threads. It counts time by a clock that nobody sets.
///
/// Unchecked because everything mutable is touched with the lock held.
final class Bell: @unchecked Sendable {
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var rings = 0
  private var stopDeadline: ContinuousClock.Instant?
  private var workers = 0
  private var sleepers = 0

  init() {
    lock = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
    // Foundation's NSCondition waits by the wall clock: one that is set back by an hour would let letters wait so long.
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(lock)
    condition.deallocate()
    lock.deallocate()
  }

  /// Wakes one thread. One that finds work rings again, so that for much work all are up in a moment, and for one
  /// letter not all of them get up.
  func ring() {
    withLock {
      rings += 1
      if sleepers > 0 { pthread_cond_signal(condition) }
    }
  }

  /// How often it was rung. Read it before looking for work: a ring in between is then not missed.
  var count: Int { withLock { rings } }

  /// Returns when rung more than `count` times, when stopping, or after `seconds`.
  func wait(seconds: TimeInterval, since count: Int) { sleep(seconds) { rings == count } }

  /// Returns after `seconds`, or when stopping: nothing that is rung for could be done before.
  func pause(seconds: TimeInterval) { sleep(seconds) { true } }

  func stop(within duration: Duration) {
    withLock {
      stopDeadline = min(stopDeadline ?? .now + duration, .now + duration)
      pthread_cond_broadcast(condition)
    }
  }

  var isStopping: Bool { withLock { stopDeadline != nil } }
  var isOverdue: Bool { withLock { stopDeadline.map { ContinuousClock.now > $0 } ?? false } }
  var workerCount: Int { withLock { workers } }
  func workerStarted() { withLock { workers += 1 } }
  func workerEnded() { withLock { workers -= 1 } }

  /// - Parameter goesOn: asked with the lock held.
  private func sleep(_ seconds: TimeInterval, while goesOn: () -> Bool) {
    var deadline = timespec()
    clock_gettime(CLOCK_MONOTONIC, &deadline)
    let end = TimeInterval(deadline.tv_nsec) / 1e9 + seconds
    deadline.tv_sec += Int(end)
    deadline.tv_nsec = Int((end - end.rounded(.down)) * 1e9)
    withLock {
      sleepers += 1
      while goesOn(), stopDeadline == nil {
        guard pthread_cond_timedwait(condition, lock, &deadline) == 0 else { break }
      }
      sleepers -= 1
    }
  }

  private func withLock<Value>(_ body: () -> Value) -> Value {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return body()
  }
}
