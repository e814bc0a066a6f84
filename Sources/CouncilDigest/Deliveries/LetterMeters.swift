import Mail
import Synchronization

/// What letters take and come to, since the start of this process. The names of cases are public: they are labels in
/// metrics.
final class LetterMeters: Sendable {
  /// Of one letter on its way.
  enum Stage: CaseIterable {
    /// It is found and composed.
    case prepare
    case sign
    /// With the relay: connection, dialogue, data and the reply.
    case relay
    /// The wait until the one before is written down.
    case record
  }

  /// Of its time with an SMTP relay.
  enum SMTPStage: CaseIterable {
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

  enum Outcome {
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

  /// What one letter took, as far as it came.
  struct Timing {
    fileprivate var stages: [(stage: Stage, duration: Duration)] = []
    var smtp = SMTPTimes()

    init() { stages.reserveCapacity(Stage.allCases.count) }

    mutating func measure<Value>(_ stage: Stage, _ body: () throws -> Value) rethrows -> Value {
      let start = ContinuousClock.now
      defer { stages.append((stage, ContinuousClock.now - start)) }
      return try body()
    }
  }

  private struct Sums {
    var stages: [Stage: DurationTally] = [:]
    var smtpStages: [SMTPStage: DurationTally] = [:]
    var letters: [Letters: Int] = [:]
  }

  /// Workers meet here once a letter.
  private let sums = Mutex(Sums())

  var tallies: [Stage: DurationTally] { sums.withLock { $0.stages } }
  var smtpTallies: [SMTPStage: DurationTally] { sums.withLock { $0.smtpStages } }
  var letters: [Letters: Int] { sums.withLock { $0.letters } }

  func add(_ outcome: SendOutcome, of kind: OutgoingMail.Kind, _ timing: Timing) {
    let letters = Letters(kind: kind, outcome: Outcome(outcome))
    sums.withLock { sums in
      sums.letters[letters, default: 0] += 1
      for (stage, duration) in timing.stages { sums.stages[stage, default: DurationTally()].add(duration) }
      for stage in SMTPStage.allCases {
        guard let duration = stage.duration(in: timing.smtp) else { continue }
        sums.smtpStages[stage, default: DurationTally()].add(duration)
      }
    }
  }
}
