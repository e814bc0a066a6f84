import Foundation
import Mail
import Testing

@testable import CouncilDigest

@Suite struct DeliveryTransitionTests {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)

  private func transition(_ outcome: SendOutcome, attempts: Int = 0, unread: Int = 0, left: TimeInterval = 432_000)
    -> DeliveryTransition
  {
    DeliveryTransition(
      outcome,
      .init(attempts: attempts, unreadReplies: unread, now: now, expiresAt: now.addingTimeInterval(left), jitter: 0.5)
    )
  }

  private let later = Reply(code: 450, status: "4.2.1", text: "later")

  @Test func `sent is sent, and a permanent refusal is final`() {
    #expect(transition(.sent) == .sent)
    let gone = Reply(code: 550, status: "5.1.1", text: "gone")
    #expect(transition(.refused(gone, isPermanent: true)) == .failed(gone))
  }

  @Test(arguments: [(0, 1.0), (1, 5), (2, 15), (3, 30), (4, 60), (5, 120), (6, 240), (20, 240)])
  func `a temporary refusal waits longer each time`(_ attempts: Int, _ minutes: Double) {
    #expect(
      transition(.refused(later, isPermanent: false), attempts: attempts)
        == .retry(at: now.addingTimeInterval(minutes * 60), attempts: attempts + 1, unreadReplies: 0, reply: later)
    )
  }

  @Test func `a letter nobody needs any more is given up`() {
    guard case .failed = transition(.refused(later, isPermanent: false), left: 30) else {
      Issue.record("expected failed")
      return
    }
  }

  @Test func `trouble of the relay costs no attempt`() {
    for outcome in [SendOutcome.relayTrouble("away"), .loginRefused("no")] {
      #expect(transition(outcome, attempts: 3) == .asBefore)
    }
  }

  @Test func `an unread reply is tried once more, then reported`() {
    #expect(
      transition(.uncertain("x")) == .retry(at: now.addingTimeInterval(60), attempts: 0, unreadReplies: 1, reply: nil)
    )
    #expect(transition(.uncertain("x"), unread: 1) == .uncertain("x"))
  }
}

@Suite struct RelayBreakerTests {
  @Test func `trouble stops everyone, one letter probes, success opens`() {
    let breaker = RelayBreaker()
    let start = Date(timeIntervalSince1970: 1_800_000_000)
    #expect(breaker.permission(at: start) == .go)
    #expect(breaker.failed("away", needsPerson: false, at: start))
    #expect(!breaker.failed("away", needsPerson: false, at: start))
    guard case .wait = breaker.permission(at: start.addingTimeInterval(9)) else {
      Issue.record("expected a wait")
      return
    }
    let probe = start.addingTimeInterval(10)
    #expect(breaker.permission(at: probe) == .go)
    #expect(breaker.permission(at: probe) != .go)
    _ = breaker.failed("away", needsPerson: false, at: probe)
    #expect(breaker.trouble?.nextProbe == probe.addingTimeInterval(30))
    #expect(breaker.trouble?.since == start)
    #expect(breaker.permission(at: probe.addingTimeInterval(30)) == .go)
    #expect(breaker.succeeded())
    #expect(breaker.trouble == nil && breaker.permission(at: probe) == .go)
  }
}
