import Mail

/// Notices when a relay begins to refuse the letters of a run, whatever it says: then it is us, not the readers. Pure.
struct RefusalWave: Equatable, Sendable {
  /// A bit for each of the last letters, set where it was refused; the latest is the lowest.
  private var refusals: UInt64 = 0
  private var letters = 0
  private static let remembered = 50

  /// - Returns: why the run should pause, when it should.
  mutating func receive(_ outcome: SendOutcome) -> String? {
    switch outcome {
    case .sent: refusals <<= 1
    case .refused(_, isPermanent: true): refusals = refusals << 1 | 1
    case .refused, .relayTrouble, .interrupted, .relayRefusesUs, .uncertain, .brokenOff: return nil
    }
    refusals &= (1 << Self.remembered) - 1
    letters = min(Self.remembered, letters + 1)
    let refused = refusals.nonzeroBitCount
    guard refused >= 20, refused * 5 > letters * 2 else { return nil }
    return "\(refused) of the last \(letters) letters were refused"
  }
}
