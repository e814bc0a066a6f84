/// What tells a report by a server from what people and their programs write.
enum BounceSigns {
  private static let maximumCharacters = 300

  static func subject(_ root: MIMEPart) -> String { String((root.first("subject") ?? "").prefix(maximumCharacters)) }

  /// Mail servers sign their reports; a null sender (RFC 5321 §4.5.5) is no such sign, since auto-replies have it too.
  static func isFromServer(_ root: MIMEPart) -> Bool {
    let path = (root.first("return-path") ?? "").prefix(maximumCharacters).lowercased()
    let sender = (root.first("from") ?? "").prefix(maximumCharacters).lowercased()
    return path.contains(/mailer.?daemon/) || sender.contains("<>")
      || sender.contains(
        /mailer.?daemon|post.?master|mail (delivery|admin)|mail.?system|mdaemon|mailer@|administrator|listserv/
      )
  }

  /// The name that only mail servers use.
  static func isFromDaemon(_ root: MIMEPart) -> Bool {
    (root.first("from") ?? "").prefix(maximumCharacters).lowercased().contains(/mailer.?daemon/)
  }

  static func hasNullSender(_ root: MIMEPart) -> Bool {
    root.first("return-path").map { $0.filter { !$0.isWhitespace } == "<>" } ?? false
  }

  /// Somebody answers or passes something on: the subject is of what they answer.
  static func isAnswer(_ subject: String) -> Bool {
    subject.prefix(12).contains(/^\s*(re|aw|sv|antw|fwd?|wg|tr|rv) ?(\[\d+\])?:/.ignoresCase())
  }

  /// A subject is short, so a word tells there what takes a sentence elsewhere.
  static func namesFailure(_ subject: String) -> Bool {
    let words = BounceWords(subject)
    return words.contains(any: hints) || saysFailure(words)
  }

  static func saysFailure(_ words: BounceWords) -> Bool { words.contains(any: failures) }

  /// A warning about a letter that is still under way (RFC 3461 §6.3 calls the report delayed).
  static func isOnlyDelay(_ subject: String, _ text: String) -> Bool {
    let words = BounceWords(text)
    if words.contains(any: ends) { return false }
    if BounceWords(subject).contains(any: delays) { return true }
    return words.contains(any: waits) && BounceStatus.find(in: text)?.first != "5"
      && (BounceStatus.code(in: text) ?? 450) < 500
  }

  private static let hints = [
    "message status", "mail delivery", "mail error", "mail failure", "processing error", "rejected", "bounce",
    "devuelto", "falha", "配信", "返送", "エラー通知",
  ]

  private static let failures = [
    "undeliver", "nondeliver", "non-deliver", "non deliver", "not delivered", "not be delivered", "delivery status",
    "delivery failure", "delivery problem", "delivery notification", "delivery error", "delivery report",
    "delivery has failed", "delivery failed", "recipient failed", "recipients failed", "failure notice",
    "returned mail", "mail delivery fail", "mail delivery error", "mail system fail", "mail system error",
    "failed mail", "could not send", "could not be delivered", "couldn't be delivered", "unable to deliver",
    "able to deliver", "delivered to the following", "not reach", "unzustellbar", "nicht zustellbar", "zustellung",
    "zustellfehler", "échec", "non remis", "non distribu", "no se pudo entregar", "no se puede entregar",
    "no pudo ser entregado", "no entregado", "mancata consegna", "non consegnat", "não entregue",
    "não foi entregue", "onbestelbaar", "niet bezorg", "kan inte levereras", "ikke leveres", "недоставлен",
    "не доставлено", "не удалось", "送信できません", "退信", "无法投递",
  ]

  private static let delays = [
    "delay", "still being retried", "not been delivered", "not yet been delivered", "verzögert", "retard", "ritardo",
  ]

  private static let waits = [
    "not yet been delivered", "been delayed", "is delayed", "was delayed", "been postponed", "delay notification",
    "delay reason", "delayed for", "still being retried", "still trying", "be retried", "will retry",
    "will continue", "keep trying", "continue to try", "attempts will continue", "warning: message",
    "warning: could not", "warning message only", "just a warning", "this is a warning", "temporary failure report",
    "kept in the queue", "has been frozen", "not need to resend", "not need to re-send", "not need to do anything",
    "no action is required", "verzögert", "wird weiterhin versucht", "wird erneut versucht", "retardé", "retrasad",
    "ritardat", "задержано",
  ]

  private static let ends = [
    "have given up", "has given up", "i've given up", "we've given up", "giving up", "gave up", "permanent error",
    "permanent fatal error", "permanent failure", "failed permanently",
  ]
}
