import Foundation
import Mail

/// What becomes of a letter after an attempt. Pure: the table of outcomes is all there is.
enum DeliveryTransition: Equatable, Sendable {
  case sent
  /// The relay's trouble is not the letter's: it waits where it was, and the breaker decides when.
  case asBefore
  case retry(at: Date, attempts: Int, unreadReplies: Int, reply: Reply?)
  case failed(Reply)
  case uncertain(String)

  struct Circumstances: Equatable, Sendable {
    var attempts: Int
    var unreadReplies: Int
    var now: Date
    var expiresAt: Date
    /// 0 to 1; spreads retries so that they do not meet.
    var jitter: Double
  }

  init(_ outcome: SendOutcome, _ letter: Circumstances) {
    switch outcome {
    case .sent:
      self = .sent
    case .refused(let reply, isPermanent: true):
      self = .failed(reply)
    case .refused(let reply, isPermanent: false):
      let attempts = letter.attempts + 1
      let next = letter.now.addingTimeInterval(Self.backoff(attempts) * (0.8 + 0.4 * letter.jitter))
      self =
        next < letter.expiresAt
        ? .retry(at: next, attempts: attempts, unreadReplies: letter.unreadReplies, reply: reply)
        : .failed(
          Reply(code: reply.code, status: reply.status, text: "gave up after \(attempts) attempts: \(reply.text)")
        )
    case .relayTrouble, .loginRefused, .brokenOff:
      self = .asBefore
    case .uncertain(let problem):
      // Once more with the same bytes under the same Message-ID; then a person must know.
      self =
        letter.unreadReplies == 0
        ? .retry(at: letter.now.addingTimeInterval(60), attempts: letter.attempts, unreadReplies: 1, reply: nil)
        : .uncertain(problem)
    }
  }

  /// Minutes 1, 5, 15, 30, 60, 120, then every four hours.
  private static func backoff(_ attempts: Int) -> TimeInterval {
    let minutes = [1.0, 5, 15, 30, 60, 120]
    return 60 * (attempts <= minutes.count ? minutes[max(0, attempts - 1)] : 240)
  }
}
