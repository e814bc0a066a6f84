import Foundation
import Testing

@testable import Mail

/// Reports that follow no standard, and what only looks like them.
@Suite struct BounceProseTests {
  private func read(_ text: String) -> BounceReport.Reading { BounceReport.read(Array(text.utf8)) }

  private func reports(_ text: String) -> [BounceReport] {
    if case .bounces(let reports, _) = read(text) { reports } else { [] }
  }

  private static func notice(_ words: String, subject: String = "failure notice") -> String {
    """
    Return-Path: <>
    From: Mail Delivery Subsystem <MAILER-DAEMON@relay.test>
    To: bounces@council.test
    Subject: \(subject)

    \(words)
    """
  }

  @Test(arguments: [
    ("Remote host said: 550 5.1.1 gone", "5.1.1", false), ("Sorry, nobody here (#5.1.1)", "5.1.1", false),
    ("550-Sorry\n550 5.7.1 go away", "5.7.1", false), ("Status: 5.1.10", "5.1.10", false),
    // A number that no reply or field vouches for, and words, are guesses.
    ("It failed, see chapter 5.1.1 of the manual", "5.1.1", true), ("no such user", "5.1.1", true),
    ("The mailbox is full", "4.2.2", true),
  ])
  func `a status is a server's or inferred`(_ words: String, _ status: String, _ isInferred: Bool) {
    let report = reports(Self.notice("<ann@resident.test>:\n\(words)")).first
    #expect(report?.status == status && report?.isStatusInferred == isInferred)
  }

  @Test func `what somebody who is no server says is inferred, whatever they quote`() {
    let text = """
      From: ann@resident.test
      Subject: Undeliverable: your letter
      To: bounces@council.test

      <bob@resident.test>: 550 5.1.1 no such user
      """
    #expect(reports(text).first?.isStatusInferred == true)
  }

  @Test(arguments: [
    (550, nil, "no such user here", "5.1.1", true), (550, "5.1.1", "gone", "5.1.1", false),
    (550, nil, "5.1.1 gone", "5.1.1", false), (450, nil, "no such user here", nil, false),
    (552, nil, "mailbox full", nil, false), (452, nil, "mailbox full", "4.2.2", true),
    (451, "5.1.1", "what now", nil, false), (550, nil, "no", nil, false),
  ])
  func `a refusal's status is the relay's or inferred from its words`(
    _ code: Int,
    _ status: String?,
    _ words: String,
    _ read: String?,
    _ isInferred: Bool
  ) {
    let report = BounceReport(refusal: Reply(code: code, status: status, text: words))
    #expect(report.kind == (code < 500 ? .soft : .hard))
    #expect(report.status == read && report.isStatusInferred == isInferred)
  }

  /// The code says which words can be meant.
  @Test(arguments: [
    ("550 no such user\nAn earlier connection timed out", BounceReport.Kind.hard, "5.1.1"),
    ("450 user unknown, try again later", .soft, "4.4.1"), ("554 too many hops", .hard, "5.4.6"),
    ("552 over quota", .soft, "4.2.2"), ("554 message expired", .soft, "4.4.7"),
    ("552 message too large for us", .hard, "5.3.4"), ("Delivery failed 12 attempts", .soft, "4.4.7"),
    ("It was not delivered\nwithin 3 days", .soft, "4.4.7"), ("Could not deliver for 90 hours", .soft, "4.4.7"),
    // Words that a line end breaks.
    ("The recipient's mailbox\n   is full", .soft, "4.2.2"),
  ])
  func `words and codes are weighed together`(_ words: String, _ kind: BounceReport.Kind, _ status: String) {
    let report = reports(Self.notice("<ann@resident.test>:\n\(words)")).first
    #expect(report?.kind == kind && report?.status == status)
  }

  @Test func `what came back without a reason is hard, and has no status`() {
    let report = reports(Self.notice("Your letter did not reach\n\n  ann@resident.test")).first
    #expect(
      report
        == BounceReport(
          kind: .hard,
          recipient: "ann@resident.test",
          diagnostic: "Your letter did not reach ann@resident.test"
        )
    )
  }

  @Test(arguments: [
    ("The following failed:\n\n  ann@resident.test\n    SMTP error: 550 no\n", ["ann@resident.test"]),
    ("<ann@resident.test>:\n550 no\n\n<bob@resident.test>: 550 no\n", ["ann@resident.test", "bob@resident.test"]),
    ("A letter from council@council.test\nto: <ann@resident.test>\n550 no", ["ann@resident.test"]),
    ("Delivery for help@relay.test failed, ann@resident.test is unknown", ["ann@resident.test"]),
    ("Your message\n  To: list@council.test\ndid not reach:\n  ann@resident.test on Monday", ["ann@resident.test"]),
    ("An alias failed: 550 no\n  (generated from ann@resident.test)", ["ann@resident.test"]),
    ("Unknown user: \"an n\"@resident.test", ["\"an n\"@resident.test"]),
    // Nobody else is named, so it is whom the report went to.
    ("bounces@council.test: 550 no", ["bounces@council.test"]), ("550 no", []),
  ])
  func `it finds whom it is about`(_ words: String, _ recipients: [String]) {
    #expect(reports(Self.notice(words)).compactMap(\.recipient) == recipients)
  }

  @Test func `whom it is about may stand only in the letter that is returned`() {
    let words = "Could not be delivered: 550 no\n\n--- Original message follows ---\n\nTo: Ann <ann@resident.test>\n"
    #expect(reports(Self.notice(words)).map(\.recipient) == ["ann@resident.test"])
  }

  @Test(arguments: [
    // RFC 3834 wants a null sender of auto-replies, so it makes no server of anybody.
    "Return-Path: <>\nAuto-Submitted: auto-replied\nFrom: ann@resident.test\nSubject: Re: Weekly\n\nBob's does not exist.",
    "Return-Path: <>\nX-Autoreply: yes\nFrom: ann@resident.test\nSubject: Away\n\nMail to bob@x.test: no such user.",
    "Return-Path: <>\nAuto-Submitted: auto-replied\nFrom: ann@x.test\nSubject: Re: Undeliverable\n\nno such user",
    "Return-Path: <>\nFrom: ann@resident.test\nSubject: Re: Weekly\n\nI am no longer there.",
    "From: ann@resident.test\nSubject: Re: application rejected\n\nThis does not exist.",
    "From: ann@resident.test\nSubject: Bounce house rejected\n\nA lovely day.",
    "From: ann@resident.test\nSubject: Fwd: letter\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\nWill it bounce?\n"
      + "--B\nContent-Type: message/rfc822\n\nMessage-ID: <a@b.test>\n\nHello\n--B--",
  ])
  func `what people and their programs write is left alone`(_ text: String) {
    #expect(reports(text).isEmpty)
  }

  @Test func `a server's report that calls itself an auto-reply is read`() {
    let text = "Auto-Submitted: auto-replied\n" + Self.notice("<ann@resident.test>: no such user")
    #expect(reports(text).first?.status == "5.1.1")
  }

  @Test(arguments: [
    ("Delivery delayed", "ann@resident.test: host not found"),
    ("Delivery Status Notification", "This is a warning only. It has not yet been delivered and will be retried."),
    ("Warning: message 7 queued", "You do not need to resend it.\nann@resident.test: 450 later"),
    ("Mail queued", "A copy is kept in the queue for 4 days"),
  ])
  func `what is still under way is nothing`(_ subject: String, _ words: String) {
    #expect(reports(Self.notice(words, subject: subject)).isEmpty)
  }

  @Test(arguments: [
    ("Delayed mail", "We have given up.\n<ann@resident.test>: timed out"),
    ("Warning: no such user", "ann@resident.test - no such user here."),
  ])
  func `what is over is no delay`(_ subject: String, _ words: String) {
    #expect(reports(Self.notice(words, subject: subject)).map(\.recipient) == ["ann@resident.test"])
  }
}
