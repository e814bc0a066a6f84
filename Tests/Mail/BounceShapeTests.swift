import Foundation
import Testing

@testable import Mail

/// What becomes of reports on their way, and what they say about the letter.
@Suite struct BounceShapeTests {
  private func read(_ text: String) -> BounceReport.Reading { BounceReport.read(Array(text.utf8)) }

  private func reports(_ text: String) -> [BounceReport] {
    if case .bounces(let reports, _) = read(text) { reports } else { [] }
  }

  private func original(_ text: String) -> BounceReport.Original? {
    if case .bounces(_, let original) = read(text) { original } else { nil }
  }

  private static let fields = "Final-Recipient: rfc822; ann@resident.test\nAction: failed\nStatus: 5.1.1\n"

  private static func report(named boundary: String = "B", _ fields: String, returned: String = "") -> String {
    """
    From: MAILER-DAEMON@relay.test
    To: bounces@council.test
    Subject: Undeliverable
    Content-Type: multipart/report; report-type=delivery-status; boundary="\(boundary)"

    --B
    Content-Type: text/plain

    It could not be delivered to
      carl@resident.test
    --B
    Content-Type: message/delivery-status

    Reporting-MTA: dns; relay.test

    \(fields)
    --B
    Content-Type: message/rfc822

    \(returned)
    --B--
    """
  }

  @Test(arguments: ["Other", ""])
  func `a boundary that is not the one in use is no hindrance`(_ boundary: String) {
    let text = Self.report(named: boundary, Self.fields, returned: "Message-ID: <a@council.test>\n\nHi")
    #expect(reports(text).map(\.status) == ["5.1.1"])
    #expect(original(text)?.messageIDs == ["a@council.test"])
  }

  @Test func `a report whose parts were taken apart is read from the text`() {
    let text = "From: MAILER-DAEMON@relay.test\nSubject: Returned mail\n\nSorry.\n\n\(Self.fields)"
    #expect(reports(text).map(\.recipient) == ["ann@resident.test"])
    #expect(reports(text).first?.isStatusInferred == false)
  }

  @Test func `a report that somebody quotes is read, and its status inferred`() {
    let quoted = Self.fields.split(separator: "\n").map { "> \($0)" }.joined(separator: "\n")
    let text = "From: ann@resident.test\nSubject: Fwd: Returned mail\n\nLook:\n>\n\(quoted)\n"
    #expect(reports(text).map(\.status) == ["5.1.1"])
    #expect(reports(text).first?.isStatusInferred == true)
  }

  @Test func `lines may end in CR alone, and blank lines stand in front`() {
    #expect(reports("\n \n" + Self.report(Self.fields)).map(\.status) == ["5.1.1"])
    #expect(reports(Self.report(Self.fields).replacing("\n", with: "\r")).map(\.status) == ["5.1.1"])
  }

  @Test func `a report inside of the returned letter is about another one`() {
    let inner = Self.report(Self.fields.replacing("ann@", with: "bob@")).replacing("B", with: "C")
    #expect(reports(Self.report(Self.fields, returned: inner)).map(\.recipient) == ["ann@resident.test"])
  }

  @Test(arguments: [
    ("Final-Recipient: rfc822; ann@resident.test\nOriginal-Recipient: rfc822; list@x.test", "ann@resident.test"),
    ("Final-Recipient: rfc822; ann@mailstore\nOriginal-Recipient: rfc822; ann@x.test", "ann@x.test"),
    ("Final-Recipient: rfc822; ann@store.local\nOriginal-Recipient: rfc822; ann@x.test", "ann@x.test"),
    ("Final-Recipient: rfc822; ann@store.local", "ann@store.local"),
    ("Final-Recipient: utf-8; 사용자@resident.test", "사용자@resident.test"),
    ("Final-Recipient: x400; /var/spool/ann", "carl@resident.test"),
  ])
  func `the recipient is one that somebody else can know`(_ fields: String, _ recipient: String) {
    #expect(reports(Self.report(fields + "\nAction: failed\nStatus: 5.2.0\n")).map(\.recipient) == [recipient])
  }

  @Test func `every recipient of a report has an entry, and delays have none`() {
    let fields =
      Self.fields + "\n" + Self.fields.replacing("ann@", with: "bob@").replacing("5.1.1", with: "4.4.7") + "\n"
      + Self.fields.replacing("ann@", with: "dee@").replacing("failed", with: "delayed")
    let found = reports(Self.report(fields))
    #expect(found.map(\.recipient) == ["ann@resident.test", "bob@resident.test"])
    #expect(found.map(\.kind) == [.hard, .soft])
  }

  @Test(arguments: [
    "Message-ID: <a@council.test>\nTo: ann@resident.test\n\nHi", "X: y\nMessage-Id:\n <a@council.test>\n\nHi",
  ])
  func `the letter's Message-ID is found in what is returned`(_ letter: String) {
    #expect(original(Self.report(Self.fields, returned: letter))?.messageIDs == ["a@council.test"])
  }

  @Test(arguments: ["Message-ID", "X-Original-Message-ID", "> Message-ID"])
  func `it is found in fields and quotes, too`(_ name: String) {
    let text = "From: MAILER-DAEMON@relay.test\nSubject: failure\n\n550 no\n\n\(name): <a@council.test>\n"
    #expect(original(text)?.messageIDs == ["a@council.test"])
  }

  @Test func `it keeps 20 names and 20 addresses, each once`() {
    let names = (0..<60).map { "<\($0 / 2)@council.test>" }.joined(separator: " ")
    let addresses = (0..<60).map { "b\($0 / 2)@council.test" }.joined(separator: ", ")
    let text = "References: \(names)\nDelivered-To: \(addresses)\n" + Self.report(Self.fields)
    #expect(original(text)?.messageIDs == (0..<20).map { "\($0)@council.test" })
    #expect(original(text)?.returnAddresses.count == 20)
  }

  @Test func `a complaint that hides the reader names whom the letter was to`() {
    let text = """
      From: feedback@provider.test
      Content-Type: multipart/report; report-type=feedback-report; boundary=B

      --B
      Content-Type: message/feedback-report

      Feedback-Type: abuse

      --B
      Content-Type: message/rfc822

      To: Ann <ann@resident.test>
      Message-ID: <a@council.test>

      Hi
      --B--
      """
    #expect(reports(text).first?.recipient == "ann@resident.test")
    #expect(original(text)?.messageIDs == ["a@council.test"])
  }

  @Test(arguments: [
    (
      #"{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"#
        + #""ann@resident.test","status":"5.1.1"}]},"mail":{"messageId":"m"}}"#, BounceReport.Kind?.some(.hard)
    ),
    (
      #"{"notificationType":"Bounce","bounce":{"bounceType":"Transient","bouncedRecipients":[{"emailAddress":"#
        + "\n" + #""ann@resident.test"}]},"mail":{"messageId":"m"}}"#, .soft
    ),
    (
      #"{"notificationType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"#
        + #""ann@resident.test"}]},"mail":{"messageId":"m"}}"#, .complaint
    ),
    (#"{"Message":"{\"notificationType\":\"Delivery\",\"mail\":{\"messageId\":\"m\"}}"}"#, nil), ("{ no }", nil),
  ])
  func `Amazon's notices are read`(_ json: String, _ kind: BounceReport.Kind?) {
    let text = "From: no-reply@x.test\nX-Amz-Sns-Message-Id: 1\nSubject: Notification\n\n\(json)\n\n--\nGoodbye\n"
    #expect(reports(text).first?.kind == kind)
    if kind != nil { #expect(reports(text).first?.recipient == "ann@resident.test") }
  }
}
