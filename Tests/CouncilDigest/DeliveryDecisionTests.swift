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
      .init(
        attempts: attempts,
        unreadReplies: unread,
        now: now,
        expiresAt: now.addingTimeInterval(left),
        jitter: { 0.5 }
      )
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
        == .retry(
          .init(
            at: now.addingTimeInterval(minutes * 60),
            attempts: attempts + 1,
            unreadReplies: 0,
            reply: later,
            expiresAt: now.addingTimeInterval(432_000)
          )
        )
    )
  }

  @Test func `a letter nobody needs any more is given up`() {
    guard case .failed = transition(.refused(later, isPermanent: false), left: 30) else {
      Issue.record("expected failed")
      return
    }
  }

  @Test func `trouble of the relay costs no attempt`() {
    for outcome in [SendOutcome.relayTrouble("away"), .interrupted("gone"), .relayRefusesUs("no")] {
      #expect(transition(outcome, attempts: 3) == .asBefore)
    }
  }

  @Test func `an unread reply is tried once more, then reported`() {
    #expect(
      transition(.uncertain("x"))
        == .retry(
          .init(
            at: now.addingTimeInterval(60),
            attempts: 0,
            unreadReplies: 1,
            expiresAt: now.addingTimeInterval(432_000)
          )
        )
    )
    #expect(transition(.uncertain("x"), unread: 1) == .uncertain("x"))
  }
}

@Suite struct RelayBreakerTests {
  private let breaker = RelayBreaker()
  private let start = Date(timeIntervalSince1970: 1_800_000_000)

  @Test func `trouble stops everyone, one letter probes, success opens`() {
    #expect(breaker.permission(at: start) == .go)
    #expect(breaker.failed("away", at: start) == .began)
    #expect(breaker.failed("away", at: start) == .known)
    #expect(breaker.permission(at: start.addingTimeInterval(9)) == .wait)
    let probe = start.addingTimeInterval(10)
    #expect(breaker.permission(at: probe) == .go)
    #expect(breaker.permission(at: probe) == .wait)
    _ = breaker.failed("away", at: probe)
    #expect(breaker.trouble?.nextProbe == probe.addingTimeInterval(30))
    #expect(breaker.trouble?.since == start)
    #expect(breaker.permission(at: probe.addingTimeInterval(30)) == .go)
    #expect(breaker.succeeded())
    #expect(breaker.trouble == nil && breaker.permission(at: probe) == .go)
  }

  @Test func `a person hears once: when it goes on, or when the relay will not have us`() {
    var heard: [RelayBreaker.News] = []
    var now = start
    for _ in 0..<7 {
      heard.append(breaker.failed("away", at: now))
      now = breaker.trouble?.nextProbe ?? now
      _ = breaker.permission(at: now)
    }
    #expect(heard == [.began, .known, .known, .needsPerson, .known, .known, .known])

    let refusing = RelayBreaker()
    #expect(refusing.failed("535", needsPerson: true, at: start) == .needsPerson)
    let probe = start.addingTimeInterval(300)
    #expect(refusing.permission(at: probe.addingTimeInterval(-1)) == .wait && refusing.permission(at: probe) == .go)
    // What a probe meets otherwise does not mend the login.
    #expect(refusing.failed("away", at: probe) == .known)
    #expect(refusing.trouble?.needsPerson == true && refusing.trouble?.nextProbe == probe.addingTimeInterval(300))
  }

  @Test func `a connection lost over a letter is the letter's, unless it goes on; then the relay is asked`() {
    for _ in 0..<4 { #expect(breaker.interrupted("x", at: start) == .known) }
    #expect(breaker.permission(at: start) == .go)
    #expect(breaker.interrupted("x", at: start) == .began)
    let probe = start.addingTimeInterval(10)
    #expect(breaker.permission(at: start) == .wait && breaker.permission(at: probe) == .ask)
    #expect(breaker.answered())
    #expect(breaker.permission(at: probe) == .go)
    // It answers and takes no letter: that is known after a while.
    var heard: [RelayBreaker.News] = []
    for _ in 0..<30 {
      heard.append(breaker.interrupted("x", at: probe))
      _ = breaker.answered()
    }
    #expect(heard.count { $0 == .needsPerson } == 1)
    #expect(!breaker.succeeded())
    #expect(breaker.interrupted("x", at: probe) == .known, "it counts those in a row")
  }

  @Test func `a clock that is set back does not keep mail waiting`() {
    _ = breaker.failed("away", at: start)
    #expect(breaker.permission(at: start.addingTimeInterval(-3_600)) == .go)
  }

  @Test func `replies that can't be read are trouble when they go on, and do not end one`() {
    for _ in 0..<4 { #expect(breaker.repliedUnreadably("x", at: start) == .known) }
    #expect(breaker.permission(at: start) == .go)
    #expect(breaker.repliedUnreadably("x", at: start) == .began)
    let probe = start.addingTimeInterval(10)
    #expect(breaker.permission(at: start) == .wait && breaker.permission(at: probe) == .go)
    _ = breaker.repliedUnreadably("x", at: probe)
    #expect(breaker.trouble?.nextProbe == probe.addingTimeInterval(30))
    #expect(breaker.succeeded())
    #expect(breaker.repliedUnreadably("x", at: probe) == .known, "it counts those in a row")
  }
}
