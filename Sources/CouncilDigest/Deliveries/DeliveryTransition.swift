import Foundation
import Mail

/// What becomes of a letter after an attempt. Pure: the table of outcomes is all there is.
enum DeliveryTransition: Equatable, Sendable {
  case sent
  /// The relay's trouble is not the letter's: it waits where it was, and the breaker decides when.
  case asBefore
  case retry(Retry)
  case failed(Reply)
  case uncertain(String)

  /// When it is tried again, and what its row remembers until then.
  struct Retry: Equatable, Sendable {
    var at: Date
    var attempts: Int
    var unreadReplies: Int
    var reply: Reply?
    /// After this it is given up.
    var expiresAt: Date
  }

  struct Circumstances: Sendable {
    var attempts: Int
    var unreadReplies: Int
    var now: Date
    var expiresAt: Date
    /// 0 to 1; spreads retries so that they do not meet. Asked only for a retry.
    var jitter: @Sendable () -> Double = { .random(in: 0...1) }
  }

  init(_ outcome: SendOutcome, _ letter: Circumstances) {
    switch outcome {
    case .sent:
      self = .sent
    case .refused(let reply, isPermanent: true):
      self = .failed(reply)
    case .refused(let reply, isPermanent: false):
      self = Self.putOff(reply, letter)
    case .relayTrouble, .interrupted, .relayRefusesUs, .brokenOff:
      self = .asBefore
    case .uncertain(let problem):
      // Once more with the same bytes under the same Message-ID; then a person must know.
      self =
        letter.unreadReplies == 0
        ? .retry(
          Retry(
            at: letter.now.addingTimeInterval(60),
            attempts: letter.attempts,
            unreadReplies: 1,
            expiresAt: letter.expiresAt
          )
        )
        : .uncertain(problem)
    }
  }

  private static func putOff(_ reply: Reply, _ letter: Circumstances) -> DeliveryTransition {
    let attempts = letter.attempts + 1
    // From the first refusal on; how long it had waited for its turn is not its fault.
    let expiresAt =
      attempts == 1 ? min(letter.expiresAt, letter.now.addingTimeInterval(patience)) : letter.expiresAt
    let next = letter.now.addingTimeInterval(backoff(attempts) * (0.8 + 0.4 * letter.jitter()))
    guard next < expiresAt else {
      let text = "gave up after \(attempts) attempts: \(reply.text)"
      return .failed(Reply(code: reply.code, status: reply.status, text: text))
    }
    return .retry(
      Retry(at: next, attempts: attempts, unreadReplies: letter.unreadReplies, reply: reply, expiresAt: expiresAt)
    )
  }

  /// RFC 5321 §4.5.4.1: give up after four or five days.
  private static let patience: TimeInterval = 5 * 86_400
  /// No retry is put off further than this. A row that says so was written before the clock was set back.
  static let longestPause: TimeInterval = 5 * 3_600

  /// Minutes 1, 5, 15, 30, 60, 120, then every four hours.
  private static func backoff(_ attempts: Int) -> TimeInterval {
    let minutes = [1.0, 5, 15, 30, 60, 120]
    return 60 * (attempts <= minutes.count ? minutes[max(0, attempts - 1)] : 240)
  }
}

extension DeliveryTransition.Circumstances {
  init(_ mail: OutgoingMail, now: Date) {
    self.init(attempts: mail.attempts, unreadReplies: mail.unreadReplies, now: now, expiresAt: mail.expiresAt)
  }
}
