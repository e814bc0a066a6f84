/// One key of the configuration: the table of them parses files and variables, names what is wrong and writes the sample.
struct ConfigurationKey: Sendable {
  enum Kind: Equatable, Sendable {
    case text
    case number(ClosedRange<Int>)
    /// The first is the default unless the key says otherwise.
    case choice([String])
    case email
    /// An address, or `Name <address>`.
    case mailbox
    /// http or https, without path.
    case origin
    /// HH:MM, 24 hours.
    case timeOfDay
    /// YYYY-MM-DD.
    case date
    /// An IANA name.
    case timeZone
    /// Separated by commas, or a YAML list.
    case list
  }

  var name: String
  var kind: Kind
  /// Empty: not set.
  var standard: String
  var comment: String

  init(_ name: String, _ kind: Kind, _ standard: String = "", _ comment: String) {
    self.name = name
    self.kind = kind
    self.standard = standard
    self.comment = comment
  }

  /// `http.port` is `COUNCIL_DIGEST_HTTP_PORT`.
  var variable: String { "COUNCIL_DIGEST_" + name.uppercased().replacing(".", with: "_") }
}

extension ConfigurationKey {
  static let all: [ConfigurationKey] = [
    .init("site.name", .text, "Council Digest", "What pages and letters call this service"),
    .init(
      "site.public_url",
      .origin,
      "",
      "Where readers reach it; every link starts with it. Default: http://host:port"
    ),
    .init("site.contact_email", .email, "hello@council-digest.example", "Shown on every page and in every letter"),
    .init("site.operator", .text, "", "Who runs this service, if they want to be named"),
    .init("site.time_zone", .timeZone, "Europe/London", "For the schedule, ISO weeks and councils without their own"),
    .init("http.host", .text, "127.0.0.1", "Address to listen on; put a proxy with TLS in front"),
    .init("http.port", .number(1...65_535), "8080", "Port to listen on"),
    .init(
      "http.trusted_proxies",
      .list,
      "",
      "Proxies whose X-Forwarded-For is believed: addresses or networks, e.g. 127.0.0.1, 172.16.0.0/12"
    ),
    .init("http.access_log", .choice(["off", "on"]), "off", "A line for each request, without addresses and tokens"),
    .init("http.limits.connections", .number(0...100_000), "10000", "Open connections in total; 0 is unlimited"),
    .init(
      "http.limits.connections_per_client",
      .number(0...100_000),
      "1000",
      "Of one client address, trusted proxies excepted; 0 is unlimited"
    ),
    .init("http.limits.header_bytes", .number(1_024...1_048_576), "32768", "Of one request's header section"),
    .init("http.limits.head_seconds", .number(1...600), "10", "To receive the head of a request"),
    .init(
      "http.limits.body_seconds",
      .number(1...3_600),
      "30",
      "To receive its body, when slower than bytes_per_second"
    ),
    .init(
      "http.limits.write_seconds",
      .number(1...3_600),
      "30",
      "To take an answer, when slower than bytes_per_second"
    ),
    .init("http.limits.bytes_per_second", .number(1...10_000_000), "1024", "The pace below which those seconds count"),
    .init("http.limits.idle_seconds", .number(1...3_600), "75", "Between two requests on one connection"),
    .init("store.path", .text, "data/council-digest.sqlite", "The database; its lock and socket lie beside it"),
    .init("store.migrations", .text, "", "Folder of the SQL files. Default: migrations, else beside the program"),
    .init(
      "log.level",
      .choice(["info", "debug", "warning", "error"]),
      "info",
      "Lines on standard error; debug adds requests"
    ),
    .init("log.format", .choice(["logfmt", "json"]), "logfmt", "One event a line; logfmt is key=value"),
    .init("admin.token", .text, "", "A first API key with the operator role; at least 16 characters"),
    .init(
      "operator.notify",
      .email,
      "",
      "Hears when a person is needed: approval awaited, login refused, run paused, request or comment received"
    ),
    .init("mail.transport", .choice(["maildir", "smtp"]), "maildir", "maildir writes files, smtp sends"),
    .init("mail.maildir", .text, "data/mail", "The Maildir letters are written to"),
    .init("mail.from", .mailbox, "digest@council-digest.example", "Sender: an address, or Name <address>"),
    .init("mail.reply_to", .email, "", "Where answers go, when not to the sender"),
    .init("mail.bounce_address", .email, "", "With it every letter has its own return address (VERP): name+…@domain"),
    .init(
      "mail.bounce_mailbox.host",
      .text,
      "",
      "A mailbox for what comes back, read by POP3; what was read is deleted, so it must have no other use"
    ),
    .init("mail.bounce_mailbox.port", .number(1...65_535), "995", "Its port"),
    .init("mail.bounce_mailbox.tls", .choice(["implicit", "required", "off"]), "implicit", "TLS at once, or STLS"),
    .init("mail.bounce_mailbox.username", .text, "", "Who reads it"),
    .init("mail.bounce_mailbox.password", .text, "", "Better set by its environment variable"),
    .init("mail.bounce_mailbox.minutes", .number(1...10_080), "15", "How often it is read"),
    .init("mail.dkim.key_file", .text, "", "With it letters are signed: a private key in PEM form, see dkim keygen"),
    .init("mail.dkim.domain", .text, "", "Whose signature it is. Default: the domain of mail.from"),
    .init("mail.dkim.selector", .text, "digest", "The key is published at SELECTOR._domainkey.DOMAIN"),
    .init("mail.smtp.host", .text, "127.0.0.1", "The relay"),
    .init("mail.smtp.port", .number(1...65_535), "587", "Its port"),
    .init(
      "mail.smtp.tls",
      .choice(["required", "opportunistic", "off", "implicit"]),
      "required",
      "STARTTLS, or TLS at once"
    ),
    .init("mail.smtp.username", .text, "", "With it the relay must let us log in"),
    .init("mail.smtp.password", .text, "", "Better set by its environment variable"),
    .init("mail.smtp.ca_file", .text, "", "Certificates to trust instead of the system's, in PEM form"),
    .init("mail.smtp.connections", .number(1...64), "4", "Letters sent at the same time"),
    .init(
      "mail.smtp.rate_per_second",
      .number(0...100_000),
      "0",
      "Letters a second over all connections; 0 is unlimited"
    ),
    .init("mail.smtp.rate_per_hour", .number(0...10_000_000), "0", "And an hour; of the two the slower counts"),
    .init(
      "digest.weekday",
      .choice(WeeklySchedule.Weekday.allCases.map(\.rawValue)),
      "saturday",
      "The day digests leave"
    ),
    .init("digest.time", .timeOfDay, "08:00", "The time of that day, in site.time_zone"),
    .init("digest.approval", .choice(["automatic", "required"]), "automatic", "required: a run waits for an operator"),
    .init(
      "digest.canary_letters",
      .number(0...1_000_000),
      "0",
      "So many letters go first and alone; a run of which many are refused then pauses. 0 is none"
    ),
    .init("digest.canary_minutes", .number(1...1_440), "30", "How long the others wait for what becomes of those"),
    .init("digest.send_from", .timeOfDay, "", "Digests leave only from this time of day on, in site.time_zone"),
    .init("digest.send_until", .timeOfDay, "", "And before this one; what is left goes on the next day"),
    .init("digest.per_day", .number(0...10_000_000), "0", "So many digests leave in a day; 0 is unlimited"),
    .init(
      "digest.warmup_letters",
      .number(0...1_000_000),
      "0",
      "For a new sender: so many on the first day, twice as many each day after; 0 is no warm-up"
    ),
    .init("digest.warmup_from", .date, "", "That first day, for example 2026-12-01"),
    .init(
      "digest.quiet_weeks",
      .choice(["note", "skip"]),
      "note",
      "When there is nothing: say so in a letter, or send none"
    ),
    .init(
      "digest.max_meeting_age_days",
      .number(0...36_500),
      "45",
      "Older than this when announced: archive, not mailed; 0 is unlimited"
    ),
    .init("digest.catch_up_days", .number(0...365), "3", "A digest missed for longer waits for the next week"),
    .init(
      "signup.confirmations_per_address_per_week",
      .number(0...1_000),
      "3",
      "Confirmations to one address; 0 is unlimited"
    ),
    .init("signup.per_network_per_hour", .number(0...1_000_000), "20", "Forms sent from one network; 0 is unlimited"),
    .init("signup.per_hour", .number(0...1_000_000), "2000", "Forms sent in all; 0 is unlimited"),
    .init(
      "backup.time",
      .timeOfDay,
      "",
      "Makes a backup each day at this time, e.g. 03:30. Default: only when asked to"
    ),
    .init("backup.folder", .text, "data/backups", "Where they go; better on another disk"),
    .init("backup.keep", .number(1...10_000), "14", "How many are kept there"),
  ]

  static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}
