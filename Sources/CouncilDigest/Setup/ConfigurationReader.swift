import Foundation
import Mail

/// Typed access to checked texts.
struct ConfigurationReader {
  let values: ConfigurationValues

  func text(_ key: String) -> String {
    guard let text = values.texts[key] else { preconditionFailure("\(key) is not in the table of keys") }
    return text
  }

  func optional(_ key: String) -> String? {
    let text = text(key)
    return text.isEmpty ? nil : text
  }

  func number(_ key: String) throws -> Int {
    guard let number = Int(text(key)) else { throw ConfigurationProblem(key: key, problem: "expected a number") }
    return number
  }

  /// One that is there already.
  func folder(_ key: String) throws -> String? {
    guard let path = optional(key) else { return nil }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      throw ConfigurationProblem(key: key, problem: "there is no folder \(path)")
    }
    return path
  }

  func proxies(_ key: String) throws -> TrustedProxies {
    let texts = text(key).split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    guard let proxies = TrustedProxies(texts) else {
      throw ConfigurationProblem(key: key, problem: "expected IP addresses or networks like 172.16.0.0/12")
    }
    return proxies
  }

  func timeZone(_ key: String) throws -> TimeZone {
    guard let zone = TimeZone(identifier: text(key)) else {
      throw ConfigurationProblem(key: key, problem: "the machine does not know the time zone \(text(key))")
    }
    return zone
  }

  func email(_ key: String) throws -> EmailAddress? {
    do {
      return try optional(key).map(EmailAddress.init(parsing:))
    } catch {
      throw ConfigurationProblem(key: key, problem: "\(error)")
    }
  }

  func schedule(_ timeZone: TimeZone) throws -> WeeklySchedule {
    let time = text("digest.time").split(separator: ":").compactMap { Int($0) }
    guard let weekday = WeeklySchedule.Weekday(rawValue: text("digest.weekday")), time.count == 2 else {
      throw ConfigurationProblem(key: "digest.weekday", problem: "expected a weekday")
    }
    return WeeklySchedule(weekday: weekday, hour: time[0], minute: time[1], timeZone: timeZone)
  }

  func allowance(_ timeZone: TimeZone) throws -> DigestAllowance {
    let (from, until) = (minute("digest.send_from"), minute("digest.send_until"))
    guard (from == nil) == (until == nil), from != until || from == nil else {
      throw ConfigurationProblem(
        key: from == nil ? "digest.send_from" : "digest.send_until",
        problem: "the two times are set together, and differ"
      )
    }
    let letters = try number("digest.warmup_letters")
    let day = optional("digest.warmup_from").flatMap { RFC3339("\($0)T00:00:00Z")?.date }
    guard letters == 0 || day != nil else {
      throw ConfigurationProblem(key: "digest.warmup_from", problem: "a warm-up needs its first day")
    }
    return DigestAllowance(
      window: from.flatMap { from in until.map { from..<($0 > from ? $0 : $0 + 24 * 60) } },
      perDay: try number("digest.per_day"),
      warmUp: day.flatMap { letters > 0 ? .init(letters: letters, from: $0) : nil },
      timeZone: timeZone
    )
  }

  /// Of the day.
  func minute(_ key: String) -> Int? {
    let parts = text(key).split(separator: ":").compactMap { Int($0) }
    return parts.count == 2 ? parts[0] * 60 + parts[1] : nil
  }

  func mail(siteName: String, clientName: String) throws -> Configuration.MailConfiguration {
    guard let from = Mailbox(configured: text("mail.from"), defaultName: siteName) else {
      throw ConfigurationProblem(key: "mail.from", problem: "expected an address, or Name <address>")
    }
    let bounceAddress = try email("mail.bounce_address")
    if let bounceAddress, bounceAddress.localPart.utf8.count > LetterAssembly.longestBounceLocalPart {
      throw ConfigurationProblem(
        key: "mail.bounce_address",
        problem: "at most \(LetterAssembly.longestBounceLocalPart) characters before the @: each letter adds its own"
      )
    }
    let isSMTP = text("mail.transport") == "smtp"
    return Configuration.MailConfiguration(
      way: isSMTP ? .smtp(try smtp(clientName)) : .maildir(text("mail.maildir")),
      from: from,
      replyTo: try email("mail.reply_to"),
      bounceAddress: bounceAddress,
      bounceMailbox: try bounceMailbox(),
      bounceMailboxMinutes: try number("mail.bounce_mailbox.minutes"),
      dkim: .init(
        domain: optional("mail.dkim.domain") ?? from.address.domain,
        selector: text("mail.dkim.selector"),
        keyFile: optional("mail.dkim.key_file")
      ),
      connections: isSMTP ? try number("mail.smtp.connections") : 1,
      ratePerSecond: isSMTP ? try number("mail.smtp.rate_per_second") : 0,
      ratePerHour: isSMTP ? try number("mail.smtp.rate_per_hour") : 0
    )
  }

  private func bounceMailbox() throws -> BounceMailbox? {
    guard let host = optional("mail.bounce_mailbox.host") else { return nil }
    guard let tls = BounceMailbox.TLS(rawValue: text("mail.bounce_mailbox.tls")) else {
      throw ConfigurationProblem(key: "mail.bounce_mailbox.tls", problem: "expected implicit, required or off")
    }
    guard let username = optional("mail.bounce_mailbox.username") else {
      throw ConfigurationProblem(key: "mail.bounce_mailbox.username", problem: "a mailbox has a name to log in with")
    }
    return BounceMailbox(
      host: host,
      port: try number("mail.bounce_mailbox.port"),
      tls: tls,
      username: username,
      password: text("mail.bounce_mailbox.password")
    )
  }

  private func smtp(_ clientName: String) throws -> SMTPSettings {
    guard let tls = SMTPSettings.TLS(rawValue: text("mail.smtp.tls")) else {
      throw ConfigurationProblem(key: "mail.smtp.tls", problem: "expected required, opportunistic, off or implicit")
    }
    let username = optional("mail.smtp.username")
    if username != nil, tls == .off || tls == .opportunistic {
      throw ConfigurationProblem(
        key: "mail.smtp.tls",
        problem: "a username is set, and its password could cross the network in clear"
      )
    }
    return SMTPSettings(
      host: text("mail.smtp.host"),
      port: try number("mail.smtp.port"),
      tls: tls,
      username: username,
      password: optional("mail.smtp.password"),
      trustedCertificates: optional("mail.smtp.ca_file"),
      clientName: clientName
    )
  }
}
