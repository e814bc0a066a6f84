import Synchronization

/// Spaces letters evenly over all workers, by a clock that nobody sets. 0 is unlimited.
final class RateLimit: Sendable {
  private let interval: Duration
  private let nextSlot = Mutex<ContinuousClock.Instant?>(nil)

  init(perSecond: Int) {
    interval = perSecond > 0 ? .seconds(1) / perSecond : .zero
  }

  /// Takes the slot of one letter when it is time; otherwise says how long it is until then, and takes nothing.
  func wait(at now: ContinuousClock.Instant) -> Duration? {
    guard interval > .zero else { return nil }
    return nextSlot.withLock { next in
      if let slot = next, slot > now { return slot - now }
      next = now + interval
      return nil
    }
  }
}
