/// What the words of mail servers amount to, as a status of RFC 3463.
enum BouncePhrases {
  /// - Parameter code: the reply that the words belong to; of another class than the code they can't be.
  static func finding(in words: BounceWords, code: Int?) -> String? {
    let isTemporary = code.map { $0 < 500 }
    if let status = whatever.first(where: { words.contains(any: $0.1) })?.0 { return status }
    if isTemporary != false, words.text.contains(givenUp) { return "4.4.7" }
    return table.first { status, phrases in
      (isTemporary == nil || isTemporary == (status.first == "4")) && words.contains(any: phrases)
    }?.0
  }

  /// After so many hours or attempts.
  // because a Regex is a value that nothing changes.
  nonisolated(unsafe) private static let givenUp =
    /(deliver|failed|aborted|in the queue)[^.]{0,35} \d+(\.\d+)? ?(seconds|minutes|hour|day|attempt|retries)/

  /// A full mailbox, an expired letter and one that goes in circles get replies of either class. In the order in which
  /// they decide.
  private static let whatever: [(String, [String])] = [
    (
      "5.3.4",
      [
        "message size exceed", "message too large", "message is too large", "message too big", "message is too big",
        "maximum message size", "exceeds the maximum message", "exceeds size limit", "exceeds the size limit",
        "exceeds maximum", "exceeded maximum inbound", "exceeded the maximum message", "size limit for messages",
      ]
    ),
    (
      "4.2.2",
      [
        "mailbox is full", "mailbox full", "over quota", "overquota", "quota exceed", "exceeded quota",
        "exceeded storage", "quota limit", "mailbox size limit", "disk quota", "insufficient storage",
        "storage allocation", "over the allowed quota", "account is full", "mailfolder is full", "postfach ist voll",
        "postfach voll", "boîte pleine", "boite pleine", "quota dépassé", "buzón lleno", "buzon lleno",
        "casilla llena", "casella piena", "caixa postal cheia", "caixa cheia", "postvak vol", "ящик переполнен",
        "переполнен", "メールボックスがいっぱい", "容量", "已满", "信箱已满", "exceeding their quota", "quota violation",
        "quota usage exceeded", "exceeds allowed size", "exceeded its quota", "exceeds the quota",
        "space not enough", "not enough storage", "not enough space", "no space left", "out of storage",
        "mailbox exceeds", "mailbox exceeded", "recipient's mailbox exceeded", "over its quota", "over the quota",
        "quotabeschränk", "mailbox has exceeded", "full mailbox", "user is over", "一杯のため", "一杯です",
      ]
    ),
    (
      "5.4.6",
      [
        "too many hops", "hop count exceeded", "maximum hop count", "routing loop", "mail loop",
        "loops back to myself",
      ]
    ),
    (
      "4.4.7",
      [
        "retry timeout exceeded", "retry time not reached", "could not be delivered within",
        "not been delivered within", "delivery time expired", "message expired", "envelope expired",
        "message timed out", "queue too long", "been in the queue", "too long in queue", "allowed queue period",
        "after multiple retries", "multiple attempts", "did not accept our requests", "failing for a long time",
        "have been failing", "zeitüberschreitung", "tiempo de espera", "délai expiré", "délai dépassé",
        "время ожидания",
      ]
    ),
  ]

  private static let table: [(String, [String])] = [
    (
      "5.1.1",
      [
        "user unknown", "unknown user", "no such user", "user not found", "user doesn't", "user does not",
        "user not known", "unknown recipient", "recipient unknown", "no such recipient", "invalid recipient",
        "recipient rejected", "recipient address rejected", "address rejected", "unknown address", "address unknown",
        "no such address", "invalid address", "bad address", "bad destination", "address not found",
        "address does not exist", "does not exist", "doesn't exist", "not exist", "no such mailbox",
        "no mailbox here", "mailbox not found", "mailbox unavailable", "unknown mailbox", "mailbox does not",
        "no such account", "account has been disabled", "account disabled", "account is disabled",
        "account that you tried to reach", "account closed", "account inactive", "inactive user", "mailbox disabled",
        "mailbox inactive", "is disabled", "is inactive", "discontinued", "no longer", "not a valid", "not valid",
        "is not known", "not listed in", "not our customer", "unrouteable address", "unroutable address",
        "undeliverable address", "unknown local", "local part", "unable to find", "cannot find", "could not find",
        "can't find", "no match", "not found in", "no account", "couldn't be found", "wasn't found", "was not found",
        "isn't in my", "sorry, no", "this user", "who does not", "invalid user", "invalid mailbox", "ambiguous",
        "unbekannt", "nicht bekannt", "nicht gefunden", "existiert nicht", "nicht vorhanden", "inconnu",
        "n'existe pas", "introuvable", "desconocid", "no existe", "inexistente", "desconhecid", "não existe",
        "nao existe", "sconosciut", "non esiste", "inesistente", "onbekend", "bestaat niet", "okänd", "finns inte",
        "ukjent", "ukendt", "findes ikke", "tuntematon", "nieznan", "nie istnieje", "neexistuje", "neznám",
        "nem létezik", "не существует", "не найден", "неизвестн", "нет такого", "存在しません", "存在しない", "見つかりません", "不存在",
        "找不到", "없습니다", "bulunamadı", "geçersiz", "recipient not found", "name is not recognized",
        "recipient name is not", "invalid final delivery userid", "no such person", "no valid recipient",
        "user is unknown", "リストにありません", "esta casilla ha expirado", "não encontrad", "no encontrad",
        "non trovat", "wrong or no longer",
      ]
    ),
    (
      "5.1.2",
      [
        "host unknown", "unknown host", "host not found", "domain not found", "no such host", "no such domain",
        "unknown domain", "name service error", "nxdomain", "name or service not known", "no route to host",
        "unrouteable domain", "mail exchanger", "mx record", "domain does not", "dns error", "can't resolve",
        "cannot resolve", "dns lookup failure", "no mx found", "domain name not found", "host or domain name not",
        "gateway for",
      ]
    ),
    (
      "4.4.1",
      [
        "connection timed out", "timed out while", "connection refused", "could not connect",
        "couldn't establish an smtp connection", "unable to connect", "temporarily unavailable", "temporary failure",
        "temporarily deferred", "try again later", "not accepting connections", "not accepting messages",
        "too many connections", "too many messages", "greylist", "greylisted", "host not reachable", "not reachable",
        "network error", "unreachable",
      ]
    ),
    (
      "5.7.1",
      [
        "spam", "blocked", "blacklist", "block list", "blocklist", "policy", "not allowed", "not permitted",
        "denied", "refused", "rejected", "prohibited", "virus", "relaying", "relay", "unsolicited", "authentication",
        "restricted", "content", "not accepting mail from",
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
