import Mail
import Synchronization

/// What letters take and come to, since the start of this process.
final class LetterMeters: Sendable {
  /// Of one letter on its way.
  enum Stage: String, CaseIterable, Sendable {
    /// It is found and composed.
    case prepare
    case sign
    /// With the relay: connection, dialogue, data and the reply.
    case relay
    /// The wait until the one before is written down.
    case record
  }

  /// Of its time with an SMTP relay.
  enum SMTPStage: String, CaseIterable, Sendable {
    case connect, dialogue, data, reply

    func duration(in times: SMTPTimes) -> Duration? {
      switch self {
      case .connect: times.connect
      case .dialogue: times.dialogue
      case .data: times.data
      case .reply: times.reply
      }
    }
  }

  enum Outcome: String, CaseIterable, Sendable {
    case sent, refused, uncertain, interrupted
    /// It never began, or was broken off: the letter is as it was.
    case trouble

    init(_ outcome: SendOutcome) {
      switch outcome {
      case .sent: self = .sent
      case .refused: self = .refused
      case .uncertain: self = .uncertain
      case .interrupted: self = .interrupted
      case .relayTrouble, .relayRefusesUs, .brokenOff: self = .trouble
      }
    }
  }

  struct Letters: Hashable, Sendable {
    var kind: OutgoingMail.Kind
    var outcome: Outcome
  }

  private let stages = Mutex<[Stage: DurationTally]>([:])
  private let smtpStages = Mutex<[SMTPStage: DurationTally]>([:])
  private let counts = Mutex<[Letters: Int]>([:])

  var tallies: [Stage: DurationTally] { stages.withLock { $0 } }
  var smtpTallies: [SMTPStage: DurationTally] { smtpStages.withLock { $0 } }
  var letters: [Letters: Int] { counts.withLock { $0 } }

  func measure<Value>(_ stage: Stage, _ body: () throws -> Value) rethrows -> Value {
    let start = ContinuousClock.now
    defer { add(ContinuousClock.now - start, to: stage) }
    return try body()
  }

  func add(_ duration: Duration, to stage: Stage) {
    stages.withLock { $0[stage, default: DurationTally()].add(duration) }
  }

  func add(_ times: SMTPTimes) {
    smtpStages.withLock { tallies in
      for stage in SMTPStage.allCases {
        if let duration = stage.duration(in: times) { tallies[stage, default: DurationTally()].add(duration) }
      }
    }
  }

  func count(_ outcome: SendOutcome, of kind: OutgoingMail.Kind) {
    let letters = Letters(kind: kind, outcome: Outcome(outcome))
    counts.withLock { $0[letters, default: 0] += 1 }
  }
}
