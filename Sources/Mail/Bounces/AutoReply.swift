/// Out-of-office and the like (RFC 3834): about the reader's holiday, not about the mailbox.
enum AutoReply {
  static func isOne(_ root: MIMEPart) -> Bool {
    if root.type.hasPrefix("multipart/report") { return false }
    let marks = ["x-autoreply", "x-autorespond", "x-auto-response-suppress", "x-vacation"]
    let precedence = root.first("precedence")?.lowercased() ?? ""
    let automatic = root.first("auto-submitted")?.lowercased() ?? "no"
    let subject = (root.first("subject") ?? "").prefix(300).lowercased()
    if subject.contains(/out of (the )?office|automatic reply|auto.?reply|autoresponse|abwesend|abwesenheit|vacation/) {
      return true
    }
    if subject.contains(/absence du bureau|réponse automatique|respuesta automática|fuori sede|afwezig/) { return true }
    // Mail servers mark their reports so too.
    return !BounceProse.isFromServer(root) && !subject.contains(BounceProse.failureSubject)
      && (marks.contains { root.first($0) != nil } || precedence.contains("auto_reply")
        || automatic.hasPrefix("auto-replied"))
  }
}
