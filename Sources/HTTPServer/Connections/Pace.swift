/// A deadline that is put off by progress: within each allowance of time so many bytes must get through. One byte every
/// half minute keeps nothing open, a slow line that goes on steadily is never cut off, and a fast start earns no rest.
struct Pace: Equatable, Sendable {
  private var start: ContinuousClock.Instant
  private let allowance: Duration
  private let quota: Int
  private var bytes = 0

  init(from start: ContinuousClock.Instant, allowance: Duration, bytesPerSecond: Int) {
    self.start = start
    self.allowance = allowance
    quota = max(1, Int(allowance / .seconds(1) * Double(bytesPerSecond)))
  }

  mutating func count(_ more: Int, at now: ContinuousClock.Instant) {
    bytes += more
    guard bytes >= quota else { return }
    bytes = 0
    start = now
  }

  func postponed(by duration: Duration) -> Pace {
    var pace = self
    pace.start += duration
    return pace
  }

  var deadline: ContinuousClock.Instant { start + allowance }
}
