import Foundation
import Synchronization

/// An outcome on its way into the store.
final class PendingRecord: Sendable {
  private let isRecorded = Mutex<Bool?>(nil)
  private let isSettled = DispatchSemaphore(value: 0)
  private let then: @Sendable () -> Void

  init(then: @escaping @Sendable () -> Void) { self.then = then }

  func settle(_ recorded: Bool) {
    isRecorded.withLock { $0 = recorded }
    then()
    isSettled.signal()
  }

  /// Blocks until it is durable. False when it was given up, because the service is stopping and the store refuses.
  func wait() -> Bool {
    if let known = isRecorded.withLock({ $0 }) { return known }
    isSettled.wait()
    // For whoever asks again.
    isSettled.signal()
    return isRecorded.withLock { $0 } ?? false
  }
}
