import Foundation
import Synchronization

/// Ends a `poll` early when work arrives for the queue that is waiting in it. Work is announced before it is enqueued;
/// whoever waits says so before it looks whether work was announced: one of the two always sees the other.
final class Wakeup: Sendable {
  /// Polled for reading while waiting.
  let readEnd: Int32
  private let writeEnd: Int32
  private let announced = Atomic<Int>(0)
  private let isWaiting = Atomic<Bool>(false)

  init() throws(SystemCallError) {
    var ends: [Int32] = [-1, -1]
    _ = try checked("pipe") { pipe(&ends) }
    (readEnd, writeEnd) = (ends[0], ends[1])
    for end in ends { try setNonBlocking(end) }
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  /// Work is about to be enqueued.
  func announce() {
    announced.add(1, ordering: .sequentiallyConsistent)
    guard isWaiting.exchange(false, ordering: .sequentiallyConsistent) else { return }
    var byte: UInt8 = 1
    // A full pipe wakes as well as one more byte would.
    _ = write(writeEnd, &byte, 1)
  }

  /// Announced work has begun.
  func began() { announced.subtract(1, ordering: .sequentiallyConsistent) }

  /// Work waits.
  var isAnnounced: Bool { announced.load(ordering: .relaxed) > 0 }

  /// - Returns: false when work is announced, and waiting would keep it from being done.
  func mayWait() -> Bool {
    isWaiting.store(true, ordering: .sequentiallyConsistent)
    guard announced.load(ordering: .sequentiallyConsistent) == 0 else {
      isWaiting.store(false, ordering: .sequentiallyConsistent)
      return false
    }
    return true
  }

  func waited() { isWaiting.store(false, ordering: .sequentiallyConsistent) }

  func drain() {
    var bytes: (UInt64, UInt64) = (0, 0)
    while read(readEnd, &bytes, MemoryLayout.size(ofValue: bytes)) > 0 {}
  }
}
