import Foundation

/// RFC 5965: a reader, or their provider, complains.
enum FeedbackReport {
  /// Nil when the message is none; `.some(nil)` when it is feedback of another kind.
  static func read(_ root: MIMEPart, _ parts: [MIMEPart]) -> BounceReport?? {
    guard let report = parts.first(where: { $0.type == "message/feedback-report" }) else {
      return junkMailReport(root, parts).map { .some($0) }
    }
    let fields = MIMEPart(parsing: report.body.isEmpty ? Array(report.parts.first?.text.utf8 ?? "".utf8) : report.body)
    let type = fields.first("feedback-type")?.lowercased() ?? "abuse"
    guard type != "not-spam", type != "auth-failure", type != "dkim" else { return .some(nil) }
    let recipient = fields.first("original-rcpt-to") ?? fields.first("removal-recipient")
    return .some(
      BounceReport(
        kind: .complaint,
        recipient: recipient.flatMap { BounceText.addresses(in: $0).first } ?? ReturnedLetter.recipients(root).first,
        diagnostic: "feedback: \(type)"
      )
    )
  }

  /// Microsoft's programme sends the letter back with a field of its own instead of a report.
  private static func junkMailReport(_ root: MIMEPart, _ parts: [MIMEPart]) -> BounceReport? {
    let recipient = parts.lazy.compactMap { $0.first("x-hmxmroriginalrecipient") }.first
    let subject = (root.first("subject") ?? "").prefix(300).lowercased()
    guard recipient != nil || subject.contains("complaint about message from") else { return nil }
    return BounceReport(
      kind: .complaint,
      recipient: recipient.flatMap { BounceText.addresses(in: $0).first },
      diagnostic: "feedback: junk mail report"
    )
  }
}
