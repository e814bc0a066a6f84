import Synchronization

/// How long something took, counted by upper bounds.
struct DurationTally: Equatable, Sendable {
  /// In microseconds: half a millisecond to ten seconds.
  static let bounds: [Int64] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000,
  ]

  /// Those up to each bound and above the one before; the last is beyond all.
  private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
  private(set) var microseconds: Int64 = 0

  var count: UInt64 { counts.reduce(0, +) }

  init() {}

  init(counts: [UInt64], microseconds: Int64) {
    (self.counts, self.microseconds) = (counts, microseconds)
  }

  mutating func add(_ duration: Duration) {
    let time = duration.microseconds
    counts[Self.place(of: time)] += 1
    microseconds += time
  }

  /// Where among the counts.
  static func place(of microseconds: Int64) -> Int {
    var index = 0
    while index < bounds.count, microseconds > bounds[index] { index += 1 }
    return index
  }
}

extension Duration {
  var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}

/// A tally that several threads add to.
final class Histogram: Sendable {
  private let state = Mutex(DurationTally())

  var tally: DurationTally { state.withLock { $0 } }

  func add(_ duration: Duration) { state.withLock { $0.add(duration) } }

  /// Counts how long `body` takes, also when it throws.
  func measure<Value>(_ body: () throws -> Value) rethrows -> Value {
    let start = ContinuousClock.now
    defer { add(ContinuousClock.now - start) }
    return try body()
  }
}
