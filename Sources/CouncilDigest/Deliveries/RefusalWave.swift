import Mail

/// Notices when a relay begins to refuse the letters of a run: then it is us, not the readers. Pure.
struct RefusalWave: Equatable, Sendable {
  private enum Answer: Equatable, Sendable {
    case accepted, refused, refusedForPolicy
  }

  private var latest: [Answer] = []
  private static let remembered = 50

  /// - Returns: why the run should pause, when it should.
  mutating func receive(_ outcome: SendOutcome) -> String? {
    switch outcome {
    case .sent: latest.append(.accepted)
    case .refused(let reply, isPermanent: true): latest.append(reply.isAboutPolicy ? .refusedForPolicy : .refused)
    case .refused, .relayTrouble, .loginRefused, .uncertain, .brokenOff: return nil
    }
    if latest.count > Self.remembered { latest.removeFirst() }
    let policy = latest.count { $0 == .refusedForPolicy }
    // One in twenty, of enough to tell.
    if policy >= 5, policy * 20 > latest.count {
      return "\(policy) of the last \(latest.count) letters were refused for what they are or where they come from"
    }
    let refused = latest.count { $0 != .accepted }
    guard refused >= 20, refused * 5 > latest.count * 2 else { return nil }
    return "\(refused) of the last \(latest.count) letters were refused"
  }
}

extension Reply {
  /// Security or policy (RFC 3463 §3.8): what we send or who we are, not whether the reader exists.
  var isAboutPolicy: Bool { status?.hasPrefix("5.7.") ?? (code == 554) }
}
