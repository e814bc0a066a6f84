/// The third of all bounces that follow no standard: mail servers of thirty years, in many languages, explain
/// themselves in prose.
enum BounceProse {
  /// Nil when it does not read like a bounce, or is only about a delay.
  static func read(_ root: MIMEPart) -> [BounceReport]? {
    let explanation = BounceExplanation(of: root)
    let subject = BounceSigns.subject(root)
    let failed = root.all("x-failed-recipients").flatMap { BounceText.addresses(in: $0) }
    guard !failed.isEmpty || isReport(root, subject, explanation.text),
      !BounceSigns.isOnlyDelay(subject, explanation.text),
      let finding = decide(
        explanation.text,
        subject,
        isServer: BounceSigns.isFromServer(root),
        namesSomebody: BounceSigns.isFromDaemon(root) && !BounceRecipients.named(in: explanation.text).isEmpty
      )
    else { return nil }
    let recipients = failed.isEmpty ? BounceRecipients.find(in: explanation, of: root) : failed
    let diagnostic = explanation.diagnostic
    let about: [String?] = recipients.isEmpty ? [nil] : recipients
    return about.prefix(maximumRecipients).map { recipient in
      BounceReport(
        kind: finding.kind,
        status: finding.status,
        isStatusInferred: finding.isInferred,
        recipient: recipient,
        diagnostic: diagnostic
      )
    }
  }

  private static let maximumRecipients = 20

  /// A sign of a server in the header or, with anything that people send as well, evidence in the text.
  private static func isReport(_ root: MIMEPart, _ subject: String, _ text: String) -> Bool {
    if BounceSigns.isFromServer(root) { return true }
    let saysSo = BounceSigns.namesFailure(subject) && !BounceSigns.isAnswer(subject)
    let returnsLetter = root.parts.contains(where: \.isLetter)
    guard saysSo || returnsLetter || BounceSigns.hasNullSender(root) else { return false }
    let words = BounceWords(text)
    if BounceStatus.given(in: text) != nil || BounceStatus.code(in: text) != nil { return true }
    if BounceSigns.saysFailure(words) { return true }
    let status = BouncePhrases.finding(in: words, code: nil)
    return saysSo && status != nil || returnsLetter && status?.hasPrefix("5.1.") == true
  }

  private struct Finding {
    var kind: BounceReport.Kind
    var status: String?
    var isInferred = false
  }

  private static func decide(_ text: String, _ subject: String, isServer: Bool, namesSomebody: Bool) -> Finding? {
    if let status = BounceStatus.given(in: text) {
      // A mailbox that is full today has room tomorrow, but the class is what counts.
      return Finding(kind: status.first == "4" ? .soft : .hard, status: status, isInferred: !isServer)
    }
    if let status = BounceStatus.find(in: text) {
      return Finding(kind: status.first == "4" ? .soft : .hard, status: status, isInferred: true)
    }
    let code = BounceStatus.code(in: text)
    let words = BounceWords(text)
    let inferred = BouncePhrases.finding(in: words, code: code)
    if let status = inferred ?? BouncePhrases.finding(in: BounceWords(subject), code: code) {
      return Finding(kind: status.first == "4" ? .soft : .hard, status: status, isInferred: true)
    }
    if let code { return Finding(kind: code < 500 ? .soft : .hard) }
    // It came back, and nobody says that it may pass another time.
    let saysSo = BounceSigns.namesFailure(subject) || BounceSigns.saysFailure(words)
    return saysSo || namesSomebody ? Finding(kind: .hard) : nil
  }
}
