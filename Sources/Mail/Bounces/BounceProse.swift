import Foundation

/// The third of all bounces that follow no standard: mail servers of thirty years, in many languages, explain themselves
/// in prose.
enum BounceProse {
  nonisolated(unsafe) static let failureSubject =
    // because a Regex is a value that nothing changes.
    /undeliver|non.?deliver|not delivered|delivery (status|failure|problem|notification|error|has failed|report)|failure notice|returned mail|mail (delivery|system) (fail|error)|failed mail|could not (be delivered|send)|unable to deliver|delivery failed|message status|rejected|bounce|mail delivery|unzustellbar|nicht zustellbar|zustell(ung|fehler)|échec|non remis|non distribu|no se (pudo|puede) entregar|devuelto|no entregado|mancata consegna|non consegnat|não (foi )?entregue|falha|onbestelbaar|niet bezorg|kan inte levereras|ikke leveres|недоставлен|не доставлено|не удалось|配信|返送|退信|无法投递/
    .ignoresCase()

  private enum Verdict {
    case permanent(String)
    case temporary(String)
    case none
  }

  /// Nil when it does not read like a bounce, or is only about a delay.
  static func read(_ root: MIMEPart, _ parts: [MIMEPart]) -> [BounceReport]? {
    let explanation = explanation(parts)
    let subject = String((root.first("subject") ?? "").prefix(300))
    let failed = root.all("x-failed-recipients").flatMap { BounceText.addresses(in: $0) }
    let returnsLetter = parts.dropFirst().contains { $0.first("message-id") != nil }
    let isTold = returnsLetter && status(of: explanation)?.hasPrefix("5.1.") == true
    guard isTold || isFromServer(root) || !failed.isEmpty || subject.contains(failureSubject) else { return nil }
    if isOnlyDelay(subject, explanation) { return nil }
    let status = BounceStatus.find(in: explanation)
    let verdict = verdict(on: explanation)
    guard let (kind, said) = decide(status, verdict, explanation, subject) else { return nil }
    let recipients = failed.isEmpty ? recipients(in: explanation, of: root) : failed
    let diagnostic = diagnostic(explanation)
    guard !recipients.isEmpty else { return [BounceReport(kind: kind, status: said, diagnostic: diagnostic)] }
    return recipients.prefix(20).map { recipient in
      BounceReport(kind: kind, status: said, recipient: recipient, diagnostic: diagnostic)
    }
  }

  static func isFromServer(_ root: MIMEPart) -> Bool {
    let sender = (root.first("from") ?? "").prefix(300).lowercased()
    return sender.contains(
      /mailer.?daemon|post.?master|mail delivery|mail.?system|mdaemon|mailer@|administrator|listserv/
    )
      || root.first("return-path")?.trimmingCharacters(in: .whitespaces) == "<>"
  }

  private static func decide(
    _ status: String?,
    _ verdict: Verdict,
    _ text: String,
    _ subject: String
  ) -> (BounceReport.Kind, String?)? {
    if let status {
      // A mailbox that is full today has room tomorrow, but the class is what counts.
      return (status.first == "4" ? .soft : .hard, status)
    }
    switch verdict {
    case .permanent(let status): return (.hard, status)
    case .temporary(let status): return (.soft, status)
    case .none:
      if let code = BounceStatus.code(in: text) { return (code < 500 ? .soft : .hard, nil) }
      return subject.contains(failureSubject) ? (.soft, nil) : nil
    }
  }

  // MARK: What it says

  /// What the server wrote, without the letter it returns.
  private static func explanation(_ parts: [MIMEPart]) -> String {
    let first = parts.first { $0.parts.isEmpty && ["text/plain", "text/html"].contains($0.type) && !$0.body.isEmpty }
    guard let words = first?.text else { return "" }
    let isHTML = first?.type == "text/html" || words.utf8.prefix(2_000).contains(0x3C) && words.contains("<html")
    var text = BounceText.readable(words, isHTML: isHTML)
    if let cut = text.firstMatch(of: returnedLetter), cut.range.lowerBound > text.startIndex {
      text = String(text[..<cut.range.lowerBound])
    }
    return text
  }

  nonisolated(unsafe) private static let returnedLetter =
    // because a Regex is a value that nothing changes.
    /(?im)^[ \->*=]*(below this line is a copy|this is a copy of|the (original|following) message (headers?|was|follows)|original message|(un)?sent message|returned message|message (header|text) follows|your message (begins|follows|is attached)|return-path:|received: (from|by|\()|texto original|message d'origine|ursprüngliche nachricht|----- ?transcript of session follows ?-----\z)/

  private static func isOnlyDelay(_ subject: String, _ text: String) -> Bool {
    let delayed =
      /delayed|delay notification|still (being )?(retried|trying)|will (be )?(retr|continue)|not yet been delivered|warning: (message|could not)|temporary (failure|problem).{0,60}(retry|retried)|you do not need to (resend|do anything)|no action is required|verzögert|wird (weiterhin|erneut) versucht|retardé|retrasad|ritardat|задержано/
      .ignoresCase().dotMatchesNewlines()
    let final = /gave up|giving up|given up|permanent|returned|has failed|was not delivered|could not be delivered/
      .ignoresCase()
    if subject.contains(/delay|warning|verzögert|retard|ritardo/.ignoresCase()) {
      return !text.contains(/gave up|giving up|permanent (error|failure)/.ignoresCase())
    }
    return text.contains(delayed) && !text.contains(final) && BounceStatus.find(in: text)?.first != "5"
      && (BounceStatus.code(in: text) ?? 450) < 500
  }

  /// What the words amount to, as a status.
  static func status(of text: String) -> String? {
    switch verdict(on: text) {
    case .permanent(let status), .temporary(let status): status
    case .none: nil
    }
  }

  private static func verdict(on text: String) -> Verdict {
    let text = text.lowercased()
    for (status, words) in phrases where words.contains(where: text.contains) {
      return status.first == "4" ? .temporary(status) : .permanent(status)
    }
    return .none
  }

  /// The first line with words that decided, or the first lines.
  private static func diagnostic(_ text: String) -> String {
    let lines = text.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
    let telling = lines.first { BounceStatus.find(in: $0) != nil || BounceStatus.code(in: $0) != nil }
    return String(telling ?? lines.prefix(6).joined(separator: " ")[...])
  }

  private static func recipients(in text: String, of root: MIMEPart) -> [String] {
    // The server's own addresses and those the report went to are not whom it is about.
    let own = Set(
      ["from", "to", "reply-to", "delivered-to"].flatMap(root.all).flatMap { BounceText.addresses(in: $0) }.map {
        $0.lowercased()
      }
    )
    var seen: Set<String> = []
    let found = BounceText.addresses(in: text).filter { address in
      let lower = address.lowercased()
      return !own.contains(lower)
        && !lower.contains(/^(postmaster|mailer-daemon|abuse|support|help|info|noreply|webmaster)@/)
        && seen.insert(lower).inserted
    }
    return Array(found.prefix(1))
  }

  /// In the order in which they decide: what is full or late before what does not exist.
  private static let phrases: [(String, [String])] = [
    (
      "4.2.2",
      [
        "mailbox is full", "mailbox full", "over quota", "overquota", "quota exceed", "exceeded quota",
        "exceeded storage", "exceeded the maximum",
        "quota limit", "mailbox size limit", "disk quota", "no space", "insufficient storage", "storage allocation",
        "over the allowed quota",
        "user is over", "account is full", "mailfolder is full", "too large", "postfach ist voll", "postfach voll",
        "boîte pleine", "boite pleine",
        "quota dépassé", "buzón lleno", "buzon lleno", "casilla llena", "casella piena", "caixa postal cheia",
        "caixa cheia", "postvak vol",
        "ящик переполнен", "переполнен", "メールボックスがいっぱい", "容量", "已满", "信箱已满",
      ]
    ),
    (
      "4.4.7",
      [
        "retry timeout exceeded", "retry time not reached", "could not be delivered within",
        "not been delivered within", "delivery time expired",
        "queue too long", "been in the queue", "too long in queue", "connection timed out", "timed out while",
        "connection refused",
        "could not connect", "couldn't establish an smtp connection", "unable to connect", "temporarily unavailable",
        "temporary failure", "try again later",
        "not accepting", "too many", "greylist", "zeitüberschreitung", "expiré", "expirado", "scaduto",
        "время ожидания",
      ]
    ),
    (
      "5.1.1",
      [
        "user unknown", "unknown user", "no such user", "user not found", "user doesn't", "user does not",
        "user not known", "unknown recipient", "recipient unknown",
        "no such recipient", "invalid recipient", "recipient rejected", "recipient address rejected",
        "address rejected", "unknown address",
        "address unknown", "no such address", "invalid address", "bad address", "bad destination", "address not found",
        "address does not exist",
        "does not exist", "doesn't exist", "not exist", "no such mailbox", "no mailbox here", "mailbox not found",
        "mailbox unavailable", "unknown mailbox", "mailbox does not",
        "no such account", "account has been disabled", "account disabled", "account is disabled",
        "account that you tried to reach", "account closed", "account inactive", "inactive user",
        "mailbox disabled", "mailbox inactive", "is disabled", "is inactive", "discontinued", "no longer",
        "not a valid", "not valid", "is not known", "not listed in", "not our customer", "unrouteable address",
        "unroutable address", "undeliverable address", "unknown local", "local part", "unable to find", "cannot find",
        "could not find", "can't find", "no match", "not found in",
        "no account", "couldn't be found", "wasn't found", "was not found", "isn't in my", "sorry, no", "this user",
        "who does not", "invalid user", "invalid mailbox", "ambiguous",
        "unbekannt", "nicht bekannt", "nicht gefunden", "existiert nicht", "nicht vorhanden", "inconnu", "n'existe pas",
        "introuvable", "desconocid", "no existe", "inexistente",
        "desconhecid", "não existe", "nao existe", "sconosciut", "non esiste", "inesistente", "onbekend",
        "bestaat niet", "okänd", "finns inte", "ukjent", "ukendt", "findes ikke",
        "tuntematon", "nieznan", "nie istnieje", "neexistuje", "neznám", "nem létezik", "не существует", "не найден",
        "неизвестн", "нет такого",
        "存在しません", "存在しない", "見つかりません", "不存在", "找不到", "없습니다", "bulunamadı", "geçersiz",
      ]
    ),
    (
      "5.1.2",
      [
        "host unknown", "unknown host", "host not found", "domain not found", "no such host", "no such domain",
        "unknown domain", "name service error", "nxdomain",
        "name or service not known", "no route to host", "unrouteable domain", "mail exchanger", "mx record",
        "domain does not", "dns error", "can't resolve", "cannot resolve",
      ]
    ),
    (
      "5.7.1",
      [
        "spam", "blocked", "blacklist", "block list", "blocklist", "policy", "not allowed", "not permitted", "denied",
        "refused", "rejected", "prohibited", "virus",
        "relaying", "relay", "unsolicited", "authentication", "restricted", "content",
      ]
    ),
    (
      "5.0.0",
      [
        "permanent", "fatal error", "undeliverable", "failed", "not delivered", "could not be delivered",
        "unable to deliver",
      ]
    ),
  ]
}
