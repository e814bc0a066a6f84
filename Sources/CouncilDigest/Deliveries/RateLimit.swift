import Foundation
import Synchronization

/// Spaces letters evenly over all workers. 0 is unlimited.
final class RateLimit: Sendable {
  private let interval: TimeInterval
  private let nextSlot = Mutex(Date.distantPast)

  init(perSecond: Int) {
    interval = perSecond > 0 ? 1 / Double(perSecond) : 0
  }

  /// How long to wait before sending, counted from `now`; the slot is taken.
  func delay(at now: Date) -> TimeInterval {
    guard interval > 0 else { return 0 }
    return nextSlot.withLock { next in
      let slot = max(next, now)
      next = slot.addingTimeInterval(interval)
      return slot.timeIntervalSince(now)
    }
  }
}
