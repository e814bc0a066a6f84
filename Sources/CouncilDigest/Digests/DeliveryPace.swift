import Foundation
import Synchronization

/// How fast the letters of each run leave, from those of the last half minute. Only in memory: after a start it is
/// unknown for a moment.
final class DeliveryPace: Sendable {
  private struct Tally {
    /// Letters by whole second.
    var counts: [Int: Int] = [:]
    var since: Date
  }

  private let tallies = Mutex<[Int64: Tally]>([:])
  private static let span = 30

  func count(_ letters: Int, of run: Int64, at now: Date) {
    let second = Int(now.timeIntervalSince1970)
    tallies.withLock { tallies in
      var tally = tallies[run] ?? Tally(since: now)
      tally.counts[second, default: 0] += letters
      if tally.counts.count > Self.span {
        tally.counts = tally.counts.filter { $0.key > second - Self.span }
      }
      tallies[run] = tally
      if tallies.count > 4 { tallies = [run: tally] }
    }
  }

  /// Letters a second; nil when none left lately.
  func rate(of run: Int64, at now: Date) -> Double? {
    let second = Int(now.timeIntervalSince1970)
    return tallies.withLock { tallies in
      guard let tally = tallies[run] else { return nil }
      let recent = tally.counts.filter { $0.key > second - Self.span && $0.key <= second }.values.reduce(0, +)
      guard recent > 0 else { return nil }
      return Double(recent) / min(Double(Self.span), max(1, now.timeIntervalSince(tally.since)))
    }
  }
}
