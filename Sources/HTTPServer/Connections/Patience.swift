/// Until when a connection waits for its peer, if it waits at all.
struct Patience {
  private(set) var deadline: ContinuousClock.Instant?
  private var pace: Pace?

  /// Not at all: it is our turn.
  static let unlimited = Patience()

  /// For something that comes in one piece.
  static func until(_ deadline: ContinuousClock.Instant) -> Patience { Patience(deadline: deadline, pace: nil) }

  /// For something that may be large.
  static func keeping(_ pace: Pace) -> Patience { Patience(deadline: pace.deadline, pace: pace) }

  private init(deadline: ContinuousClock.Instant? = nil, pace: Pace? = nil) {
    self.deadline = deadline
    self.pace = pace
  }

  /// So much more got through.
  mutating func progressed(_ bytes: Int, at now: ContinuousClock.Instant) {
    guard pace != nil else { return }
    pace?.count(bytes, at: now)
    deadline = pace?.deadline
  }

  /// The same, when for so long it was not the peer's turn.
  func postponed(by duration: Duration) -> Patience {
    Patience(deadline: deadline.map { $0 + duration }, pace: pace?.postponed(by: duration))
  }

  func isOver(at now: ContinuousClock.Instant) -> Bool { deadline.map { $0 <= now } ?? false }
}
