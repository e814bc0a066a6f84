import Foundation
import Synchronization

/// Stops all workers while the relay is in trouble, and lets one letter through now and then to see. Trouble of the relay
/// costs no letter an attempt.
final class RelayBreaker: Sendable {
  enum Permission: Equatable {
    case go
    case wait
    /// Ask the relay whether it would take letters, and say so: a letter proves nothing, when letters are what it stumbled
    /// over.
    case ask
  }

  /// What is wrong, for `/readyz` and the log.
  struct Trouble: Equatable, Sendable {
    var problem: String
    var since: Date
    var nextProbe: Date
    /// It does not pass by itself.
    var needsPerson = false
  }

  /// What a failure means to those who watch.
  enum News: Equatable {
    case known
    case began
    /// A person must act, or should at least know.
    case needsPerson
  }

  private struct State {
    var trouble: Trouble?
    var failures = 0
    var unreadReplies = 0
    /// Letters in a row that were lost with their connection.
    var interruptions = 0
    var isProbing = false
    /// A person was told.
    var isReported = false

    mutating func fail(_ problem: String, needsPerson: Bool, at now: Date) -> News {
      let before = trouble
      // Workers that were sending when the trouble began report it too; that is one failure, not several.
      if before == nil || isProbing { failures += 1 }
      isProbing = false
      let needsPerson = needsPerson || before?.needsPerson ?? false
      let pause = needsPerson ? pauseForPerson : pauses[min(failures, pauses.count) - 1]
      trouble = Trouble(
        problem: problem,
        since: before?.since ?? now,
        nextProbe: now.addingTimeInterval(pause),
        needsPerson: needsPerson
      )
      if !isReported, needsPerson || failures >= failuresToReport {
        isReported = true
        return .needsPerson
      }
      return before == nil ? .began : .known
    }
  }

  private let state = Mutex(State())
  private static let pauses: [TimeInterval] = [10, 30, 60, 120, 300]
  /// Nothing changes until a person acts; to ask often would only look like an attack.
  private static let pauseForPerson: TimeInterval = 300
  /// When a relay that is away should be known to a person: after a minute and a half.
  private static let failuresToReport = 4
  /// So many letters in a row whose reply could not be read are trouble of the relay.
  private static let unreadToStop = 5
  /// After so many interruptions in a row everybody waits for a moment.
  private static let interruptionsToStop = 5
  /// After so many a person should know.
  private static let interruptionsToReport = 25

  var trouble: Trouble? { state.withLock { $0.trouble } }

  /// Whether a worker may send now. After `nextProbe` exactly one may.
  func permission(at now: Date) -> Permission {
    state.withLock { state in
      guard let trouble = state.trouble else { return .go }
      // One that is further away than any pause was reckoned before the clock was set back.
      let isDue = now >= trouble.nextProbe || trouble.nextProbe.timeIntervalSince(now) > Self.pauseForPerson
      guard isDue, !state.isProbing else { return .wait }
      state.isProbing = true
      return state.interruptions > 0 ? .ask : .go
    }
  }

  /// The relay would take letters. Whether it bears them is seen when one is sent.
  /// - Returns: true when this ends a trouble.
  func answered() -> Bool {
    state.withLock { state in
      let hadTrouble = state.trouble != nil
      state.trouble = nil
      state.failures = 0
      state.isProbing = false
      return hadTrouble
    }
  }

  /// A permission was not used: there was nothing to send.
  func notNeeded() { state.withLock { $0.isProbing = false } }

  /// True when this ends a trouble.
  func succeeded() -> Bool {
    state.withLock { state in
      let hadTrouble = state.trouble != nil
      state = State()
      return hadTrouble
    }
  }

  /// - Parameter needsPerson: the relay will not have us as we are.
  func failed(_ problem: String, needsPerson: Bool = false, at now: Date) -> News {
    state.withLock { $0.fail(problem, needsPerson: needsPerson, at: now) }
  }

  /// The connection was lost over a letter. That may be the letter, unless it goes on.
  func interrupted(_ problem: String, at now: Date) -> News {
    state.withLock { state in
      state.interruptions += 1
      guard state.trouble != nil || state.interruptions % Self.interruptionsToStop == 0 else { return .known }
      let news = state.fail(problem, needsPerson: false, at: now)
      guard state.interruptions >= Self.interruptionsToReport, !state.isReported else { return news }
      state.isReported = true
      return .needsPerson
    }
  }

  /// All of a letter left and no readable reply came. That says little of the relay, unless it goes on.
  func repliedUnreadably(_ problem: String, at now: Date) -> News {
    state.withLock { state in
      state.unreadReplies += 1
      guard state.trouble != nil || state.unreadReplies >= Self.unreadToStop else { return .known }
      return state.fail("it does not answer for the letters it takes: \(problem)", needsPerson: false, at: now)
    }
  }
}
