/// Out-of-office and the like (RFC 3834): about the reader's holiday, not about the mailbox.
enum AutoReply {
  static func isOne(_ root: MIMEPart) -> Bool {
    if root.type.hasPrefix("multipart/report") { return false }
    let subject = BounceSigns.subject(root).lowercased()
    if subject.contains(/out of (the )?office|automatic reply|auto.?reply|autoresponse|abwesend|abwesenheit|vacation/) {
      return true
    }
    if subject.contains(/absence du bureau|réponse automatique|respuesta automática|fuori sede|afwezig/) { return true }
    guard isMarked(root) else { return false }
    // Mail servers mark their reports so too. A null sender excuses nothing: RFC 3834 §3.3 wants it of auto-replies.
    return !BounceSigns.isFromServer(root) && (BounceSigns.isAnswer(subject) || !BounceSigns.namesFailure(subject))
  }

  private static func isMarked(_ root: MIMEPart) -> Bool {
    let marks = ["x-autoreply", "x-autorespond", "x-auto-response-suppress", "x-vacation"]
    return marks.contains { root.first($0) != nil }
      || (root.first("precedence") ?? "").prefix(100).lowercased().contains("auto_reply")
      || (root.first("auto-submitted") ?? "").lowercased().hasPrefix("auto-replied")
  }
}
