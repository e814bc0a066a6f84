import Foundation
import TestSupport
import Testing

@testable import Mail

@Suite struct BounceTests {
  private static func report(_ status: String, action: String = "failed", diagnostic: String = "") -> String {
    """
    Return-Path: <>
    From: Mail Delivery System <MAILER-DAEMON@relay.test>
    Subject: Undelivered Mail Returned to Sender
    To: b+12-abcdefgh@bounces.test
    Auto-Submitted: auto-replied
    Content-Type: multipart/report; report-type=delivery-status; boundary="B"

    --B
    Content-Type: text/plain

    I'm sorry to have to inform you that your message could not be delivered.
    --B
    Content-Type: message/delivery-status

    Reporting-MTA: dns; relay.test

    Final-Recipient: rfc822; ann@resident.test
    Action: \(action)
    Status: \(status)
    Diagnostic-Code: smtp; \(diagnostic)

    --B
    Content-Type: text/rfc822-headers

    Message-ID: <digest.12-abc@council.test>
    Subject: Weekly

    --B--
    """
  }

  private func read(_ text: String) -> BounceReport.Reading { BounceReport.read(Array(text.utf8)) }

  private func first(_ text: String) -> BounceReport? {
    if case .bounces(let reports, _) = read(text) { reports.first } else { nil }
  }

  @Test(arguments: [
    ("5.1.1", "550 5.1.1 no such user", BounceReport.Kind.hard, "5.1.1"),
    // What expired in a queue is called failed, and is temporary all the same.
    ("4.2.2", "452 4.2.2 full", .soft, "4.2.2"), ("5.0.0", "550 5.1.10 gone", .hard, "5.1.10"),
    ("5.0.0", "", .hard, "5.0.0"), ("", "550 unknown", .hard, "5.0.0"), ("", "421 later", .soft, "4.0.0"),
  ])
  func `the class of the status decides, not what the report calls its action`(
    _ status: String,
    _ diagnostic: String,
    _ kind: BounceReport.Kind,
    _ read: String
  ) {
    let report = first(Self.report(status, diagnostic: diagnostic))
    #expect(report?.kind == kind && report?.status == read && report?.recipient == "ann@resident.test")
  }

  @Test func `other names for a failure are understood`() {
    #expect(first(Self.report("", action: "expired"))?.kind == .soft)
    #expect(first(Self.report("5.2.1", action: "Bounced"))?.kind == .hard)
  }

  @Test(arguments: ["delayed", "delivered", "relayed", "expanded", "Delayed", "deliverable"])
  func `what is no failure is nothing`(_ action: String) {
    #expect(read(Self.report("4.4.1", action: action)) == .nothing(because: "it reports no failure"))
  }

  @Test func `it says which letter it is about, with CRLF and behind an mbox line too`() {
    for text in [Self.report("5.1.1"), "From x y\n" + Self.report("5.1.1").replacing("\n", with: "\r\n")] {
      guard case .bounces(_, let original) = read(text) else {
        Issue.record("no bounce")
        return
      }
      #expect(original.messageIDs == ["digest.12-abc@council.test"])
      #expect(original.returnAddresses == ["b+12-abcdefgh@bounces.test"])
    }
  }

  @Test(arguments: [
    ("abuse", true), ("fraud", true), ("other", true), ("not-spam", false), ("auth-failure", false),
  ])
  func `feedback is a complaint when it is one`(_ type: String, _ isComplaint: Bool) {
    let text = """
      From: feedback@provider.test
      Subject: Complaint
      Content-Type: multipart/report; report-type=feedback-report; boundary=B

      --B
      Content-Type: message/feedback-report

      Feedback-Type: \(type)
      Version: 1
      Original-Rcpt-To: <ann@resident.test>

      --B
      Content-Type: message/rfc822

      Message-ID: <digest.7-xyz@council.test>

      Hello
      --B--
      """
    #expect((first(text)?.kind == .complaint) == isComplaint)
    if isComplaint { #expect(first(text)?.recipient == "ann@resident.test") }
  }

  @Test(arguments: [
    ("Sorry, no mailbox here by that name.", BounceReport.Kind.hard, "5.1.1"),
    ("Der Empfänger ist unbekannt.", .hard, "5.1.1"), ("L'utilisateur n'existe pas.", .hard, "5.1.1"),
    ("El usuario no existe.", .hard, "5.1.1"), ("Такого пользователя не существует.", .hard, "5.1.1"),
    ("宛先が見つかりません", .hard, "5.1.1"), ("Host unknown (Name server: host not found)", .hard, "5.1.2"),
    ("The mailbox is full, over quota.", .soft, "4.2.2"), ("Das Postfach ist voll.", .soft, "4.2.2"),
    ("retry timeout exceeded", .soft, "4.4.7"), ("Remote host said: 550 5.7.1 Message blocked", .hard, "5.7.1"),
  ])
  func `prose of many mail servers and languages is understood`(
    _ words: String,
    _ kind: BounceReport.Kind,
    _ status: String
  ) {
    let text = """
      From: MAILER-DAEMON@relay.test
      To: bounces@council.test
      Subject: failure notice
      Content-Type: text/plain; charset=utf-8

      Hi. This is the mail program at relay.test.

      <ann@resident.test>:
      \(words)

      --- Below this line is a copy of the message.

      Message-ID: <digest.9-abc@council.test>
      From: someone-else@council.test
      """
    let report = first(text)
    #expect(report?.kind == kind && report?.status == status && report?.recipient == "ann@resident.test")
    guard case .bounces(_, let original) = read(text) else { return }
    #expect(original.messageIDs == ["digest.9-abc@council.test"])
  }

  @Test(arguments: [
    "Subject: Out of office\nFrom: ann@resident.test\n\nI am away; mail to bob@x.test does not exist.",
    "Auto-Submitted: auto-replied\nFrom: ann@resident.test\nSubject: Re: Weekly\n\nBack on Monday.",
    "From: MAILER-DAEMON@x.test\nSubject: Warning: message delayed 24 hours\n\nYou do not need to resend it. Will be retried.",
    "From: ann@resident.test\nSubject: Thank you\n\nA lovely letter.", "",
  ])
  func `what is no bounce is left alone`(_ text: String) {
    guard case .nothing = read(text) else {
      Issue.record("taken for a bounce: \(text)")
      return
    }
  }

  /// With time that grows faster than the message any of these would take minutes.
  @Test(arguments: [
    "\n", " ", ">", ">\n", "a@", "a", "a.", "5.1.", "<", "<html><script>", "Message-ID: <", "temporary failure ",
    "Final-Recipient: x\n", "--B\n", "=?utf-8?q?", "- ", "Below this line ",
    "deliver", "550 5.1.1 ", "a@b.test: ", "from a@b.test ", "Content-", "<br>", "\"@", "--\nContent-", "#",
  ])
  func `a message that is made to be slow is not`(_ piece: String) {
    let head = "From: mailer-daemon@x.test\nSubject: failure notice\nTo: a@b.test\n"
    let long = String(repeating: piece, count: (Machine.isPatient ? 400_000 : 60_000) / piece.utf8.count)
    _ = read(head + "\n" + long)
    _ = read(head + "X: " + long + "\n\n")
    _ = read("From: x@y.test\nSubject: " + long.replacing("\n", with: " ") + "\n\nno such user")
    _ = read(head + "Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/html\n\n" + long)
  }

  @Test func `no bytes break it`() {
    let sample = Array(Self.report("5.1.1").utf8)
    for cut in stride(from: 0, to: sample.count, by: 3) { _ = BounceReport.read(Array(sample[..<cut])) }
    var state: UInt32 = 1
    for _ in 0..<200 {
      var bytes = sample
      for _ in 0..<20 {
        state = state &* 1_664_525 &+ 1_013_904_223
        bytes[Int(state >> 8) % bytes.count] = UInt8(truncatingIfNeeded: state >> 24)
      }
      _ = BounceReport.read(bytes)
    }
    let nested = String(repeating: "Content-Type: multipart/mixed; boundary=B\n\n--B\n", count: 2_000)
    _ = BounceReport.read(Array(nested.utf8))
    _ = BounceReport.read(Array(String(repeating: "Content-Type: message/rfc822\n\n", count: 5_000).utf8))
    _ = BounceReport.read([UInt8](repeating: 0x3D, count: 600_000))
  }
}
