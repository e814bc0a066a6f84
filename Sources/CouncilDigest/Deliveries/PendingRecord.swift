import Foundation
import Mail
import Synchronization

/// What became of a letter, on its way into the store.
final class PendingRecord: Sendable {
  let mail: OutgoingMail
  let transition: DeliveryTransition
  let now: Date
  /// Why the run should pause.
  let wave: String?
  private let state = Mutex(State.reported)
  private let letGo: @Sendable () -> Void
  private let makeDurable: @Sendable (PendingRecord) -> Void

  private enum State {
    case reported, durable
    /// The service is stopping and the store refuses: the next start sends the letter again.
    case givenUp
  }

  /// - Parameters:
  ///   - letGo: called when the letter's row says what became of it, or when it is given up.
  ///   - makeDurable: returns once it is, or was given up.
  init(
    _ mail: OutgoingMail,
    _ transition: DeliveryTransition,
    now: Date,
    wave: String? = nil,
    letGo: @escaping @Sendable () -> Void,
    makeDurable: @escaping @Sendable (PendingRecord) -> Void
  ) {
    self.mail = mail
    self.transition = transition
    self.now = now
    self.wave = wave
    self.letGo = letGo
    self.makeDurable = makeDurable
  }

  var isReported: Bool { state.withLock { $0 == .reported } }
  var isDurable: Bool { state.withLock { $0 == .durable } }

  func becameDurable() { state.withLock { $0 = .durable } }

  /// Its row says what became of it, so the queue may forget the letter.
  func becameVisible() { letGo() }

  func giveUp() {
    state.withLock { $0 = .givenUp }
    letGo()
  }

  /// Blocks until it is durable. False when it was given up.
  func wait() -> Bool {
    if isReported { makeDurable(self) }
    return isDurable
  }
}
