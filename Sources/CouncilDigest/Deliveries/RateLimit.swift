import Synchronization

/// Spaces letters evenly over all workers, by a clock that nobody sets.
final class RateLimit: Sendable {
  private let interval: Duration
  private let nextSlot = Mutex<ContinuousClock.Instant?>(nil)

  /// 0 is unlimited; of two limits the slower counts.
  init(perSecond: Int, perHour: Int = 0) {
    let second: Duration = perSecond > 0 ? .seconds(1) / perSecond : .zero
    let hour: Duration = perHour > 0 ? .seconds(3_600) / perHour : .zero
    interval = max(second, hour)
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

  /// There was no letter for the slot that was taken.
  func giveBack() { nextSlot.withLock { $0 = nil } }

  /// A letter left that waits for no slot: the next one comes later.
  func overtaken(at now: ContinuousClock.Instant) {
    guard interval > .zero else { return }
    nextSlot.withLock { $0 = max($0 ?? now, now) + interval }
  }
}
