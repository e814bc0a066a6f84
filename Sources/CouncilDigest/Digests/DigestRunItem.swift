import Foundation

/// A run as the API shows it. Every member is always there.
struct DigestRunItem: Encodable {
  private let run: DigestRun
  private let counts: DigestRun.Counts
  /// Letters a second lately.
  private let rate: Double?
  /// No digest leaves at all.
  private let isHeld: Bool

  private let now: Date

  init(_ run: DigestRun, _ counts: DigestRun.Counts, rate: Double?, isHeld: Bool, now: Date) {
    self.isHeld = isHeld
    self.now = now
    self.run = run
    self.counts = counts
    self.rate = run.state == .sending ? rate : nil
  }

  var id: Int64 { run.id }

  private var secondsLeft: Int? { counts.secondsLeft(at: rate, now: now).map { Int($0.rounded(.up)) } }

  private enum Key: CodingKey {
    case id, week, state, held, pausedBecause, window, recipients, queued, sent, failed, uncertain, cancelled
    case ratePerSecond, secondsLeft, canaryUntil, startedAt, finishedAt
  }

  private enum WindowKey: CodingKey { case from, to }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(run.id, forKey: .id)
    try container.encode(run.week, forKey: .week)
    try container.encode(run.state.rawValue, forKey: .state)
    try container.encode(isHeld, forKey: .held)
    try container.encode(run.pausedBecause, forKey: .pausedBecause)
    var window = container.nestedContainer(keyedBy: WindowKey.self, forKey: .window)
    try window.encode(run.from, forKey: .from)
    try window.encode(run.to, forKey: .to)
    try container.encode(counts.recipients, forKey: .recipients)
    try container.encode(counts.queued, forKey: .queued)
    try container.encode(counts.sent, forKey: .sent)
    try container.encode(counts.failed, forKey: .failed)
    try container.encode(counts.uncertain, forKey: .uncertain)
    try container.encode(counts.cancelled, forKey: .cancelled)
    try container.encode(rate.map { ($0 * 10).rounded() / 10 }, forKey: .ratePerSecond)
    try container.encode(secondsLeft, forKey: .secondsLeft)
    try container.encode(run.state == .sending ? run.canary.until : nil, forKey: .canaryUntil)
    try container.encode(run.startedAt, forKey: .startedAt)
    try container.encode(run.finishedAt, forKey: .finishedAt)
  }
}
