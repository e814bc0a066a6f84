import Foundation
import Synchronization

/// Stops all workers while the relay is in trouble, and lets one letter through now and then to see. Trouble of the relay
/// costs no letter an attempt.
final class RelayBreaker: Sendable {
  enum Permission: Equatable {
    case go
    case wait(until: Date)
  }

  /// What is wrong, for `/readyz` and the log.
  struct Trouble: Equatable, Sendable {
    var problem: String
    var since: Date
    var nextProbe: Date
    /// It does not pass by itself.
    var needsPerson = false
  }

  private struct State {
    var trouble: Trouble?
    var failures = 0
    var isProbing = false
  }

  private let state = Mutex(State())

  var trouble: Trouble? { state.withLock { $0.trouble } }

  /// Whether a worker may send now. After `nextProbe` exactly one may.
  func permission(at now: Date) -> Permission {
    state.withLock { state in
      guard let trouble = state.trouble else { return .go }
      guard now >= trouble.nextProbe, !state.isProbing else {
        return .wait(until: max(trouble.nextProbe, now.addingTimeInterval(1)))
      }
      state.isProbing = true
      return .go
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

  /// - Parameter needsPerson: the relay refuses our login; a person must act, so it is asked rarely.
  /// - Returns: true when this begins a trouble, or a person is needed from now on.
  func failed(_ problem: String, needsPerson: Bool, at now: Date) -> Bool {
    state.withLock { state in
      let isNew = state.trouble == nil || (needsPerson && state.trouble?.needsPerson == false)
      // Workers that were sending when the trouble began report it too; that is one failure, not several.
      if isNew || state.isProbing { state.failures += 1 }
      state.isProbing = false
      let seconds = needsPerson ? 300 : Self.pauses[min(state.failures, Self.pauses.count) - 1]
      state.trouble = Trouble(
        problem: problem,
        since: state.trouble?.since ?? now,
        nextProbe: now.addingTimeInterval(seconds),
        needsPerson: needsPerson
      )
      return isNew
    }
  }

  private static let pauses: [TimeInterval] = [10, 30, 60, 120, 300]
}
