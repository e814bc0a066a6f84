import Mail

/// Notices when a relay begins to refuse the letters of a run, whatever it says: then it is us, not the readers. Pure.
struct RefusalWave: Equatable, Sendable {
  private var wereRefused: [Bool] = []
  private static let remembered = 50

  /// - Returns: why the run should pause, when it should.
  mutating func receive(_ outcome: SendOutcome) -> String? {
    switch outcome {
    case .sent: wereRefused.append(false)
    case .refused(_, isPermanent: true): wereRefused.append(true)
    case .refused, .relayTrouble, .interrupted, .relayRefusesUs, .uncertain, .brokenOff: return nil
    }
    if wereRefused.count > Self.remembered { wereRefused.removeFirst() }
    let refused = wereRefused.count(where: \.self)
    guard refused >= 20, refused * 5 > wereRefused.count * 2 else { return nil }
    return "\(refused) of the last \(wereRefused.count) letters were refused"
  }
}
