import Foundation
import HTTPServer
import Logging
import Mail

/// Everything an operator can set, parsed. See `ConfigurationKey.all` for what each means.
public struct Configuration: Equatable, Sendable {
  public var site: SiteIdentity
  public var host: String
  public var port: Int
  public var limits: Limits
  public var trustedProxies: TrustedProxies
  public var logsRequests: Bool
  public var storePath: String
  public var migrationsFolder: String
  public var logLevel: Logger.Level
  public var logFormat: LineLog.Format
  public var adminToken: String?
  /// Who hears when a person is needed.
  public var operatorAddress: EmailAddress?
  public var mail: MailConfiguration
  public var schedule: WeeklySchedule
  public var needsApproval: Bool
  public var allowance: DigestAllowance
  public var canaryLetters: Int
  public var canaryMinutes: Int
  public var mailsQuietWeeks: Bool
  public var maximumMeetingAgeDays: Int
  public var catchUpDays: Int
  public var signupCaps: SignupCaps
  var backupFolder: BackupFolder
  /// Nil makes none by itself.
  var backupTime: DailyTime?

  /// How letters leave.
  public struct MailConfiguration: Equatable, Sendable {
    /// Whose signature letters bear, and the file of the key; no file, no signature.
    public struct DKIM: Equatable, Sendable {
      public var domain: String
      public var selector: String
      public var keyFile: String?

      /// - Throws: `ConfigurationProblem` naming the key that is wrong.
      public func signer() throws -> DKIMSigner? {
        guard let keyFile else { return nil }
        let text: String
        do {
          text = try String(contentsOfFile: keyFile, encoding: .utf8)
        } catch {
          throw ConfigurationProblem(key: "mail.dkim.key_file", problem: "\(keyFile) can’t be read")
        }
        do {
          return try DKIMSigner(domain: domain, selector: selector, privateKey: text)
        } catch {
          if case .brokenName(let name) = error {
            throw ConfigurationProblem(
              key: name == domain ? "mail.dkim.domain" : "mail.dkim.selector",
              problem: "\(error)"
            )
          }
          throw ConfigurationProblem(key: "mail.dkim.key_file", problem: "\(keyFile): \(error)")
        }
      }
    }

    public enum Way: Equatable, Sendable {
      case maildir(String)
      case smtp(SMTPSettings)
    }

    public var way: Way
    public var from: Mailbox
    public var replyTo: EmailAddress?
    public var bounceAddress: EmailAddress?
    /// Where reports come back to, when that is a mailbox.
    public var bounceMailbox: BounceMailbox?
    public var bounceMailboxMinutes: Int
    public var dkim: DKIM
    public var connections: Int
    public var ratePerSecond: Int
    public var ratePerHour: Int
  }
}

extension Configuration {
  /// Reads the file, when there is one, and the environment, which wins.
  /// - Throws: `ConfigurationProblem` naming the key.
  public static func load(
    file: String?,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> Configuration {
    let standard = "config/council-digest.yaml"
    let path = file ?? (FileManager.default.fileExists(atPath: standard) ? standard : nil)
    var yaml: String?
    if let path {
      guard FileManager.default.fileExists(atPath: path) else {
        throw ConfigurationProblem(key: path, problem: "there is no such file")
      }
      do {
        yaml = try String(contentsOfFile: path, encoding: .utf8)
      } catch {
        throw ConfigurationProblem(key: path, problem: "the file can’t be read as UTF-8 text")
      }
    }
    return try Configuration(
      ConfigurationValues(file: yaml, fileName: path ?? standard, environment: environment)
    )
  }

  /// Turns this into the configuration of a demonstration: everything below `folder`, mail into a Maildir, no caps.
  public mutating func useThrowAway(folder: String, port: Int?) {
    if let port {
      site.publicURL = site.publicURL.replacing(":\(self.port)", with: ":\(port)")
      self.port = port
    }
    storePath = "\(folder)/demo.sqlite"
    mail.way = .maildir("\(folder)/mail")
    mail.connections = 1
    backupFolder.path = "\(folder)/backups"
    backupTime = nil
    signupCaps.confirmationsPerAddressPerWeek = 0
    signupCaps.perNetworkPerHour = 0
  }

  init(_ values: ConfigurationValues) throws {
    let read = ConfigurationReader(values: values)
    let timeZone = try read.timeZone("site.time_zone")
    host = read.text("http.host")
    port = try read.number("http.port")
    let reachable = ["0.0.0.0", "::"].contains(host) ? "localhost" : host.contains(":") ? "[\(host)]" : host
    site = SiteIdentity(
      name: read.text("site.name"),
      publicURL: read.optional("site.public_url") ?? "http://\(reachable):\(port)",
      contactEmail: read.text("site.contact_email"),
      operatorName: read.optional("site.operator"),
      timeZone: timeZone
    )
    limits = Limits()
    limits.connections = try read.number("http.limits.connections")
    limits.connectionsPerClient = try read.number("http.limits.connections_per_client")
    limits.headDeadline = .seconds(try read.number("http.limits.head_seconds"))
    limits.bodyDeadline = .seconds(try read.number("http.limits.body_seconds"))
    limits.headerBytes = try read.number("http.limits.header_bytes")
    limits.writeDeadline = .seconds(try read.number("http.limits.write_seconds"))
    limits.bytesPerSecond = try read.number("http.limits.bytes_per_second")
    limits.idleDeadline = .seconds(try read.number("http.limits.idle_seconds"))
    trustedProxies = try read.proxies("http.trusted_proxies")
    logsRequests = read.text("http.access_log") == "on"
    storePath = read.text("store.path")
    migrationsFolder = try read.folder("store.migrations") ?? Self.shipped("migrations")
    logLevel = Logger.Level(rawValue: read.text("log.level")) ?? .info
    logFormat = LineLog.Format(rawValue: read.text("log.format")) ?? .logfmt
    adminToken = read.optional("admin.token")
    if let adminToken, adminToken.utf8.count < 16 {
      throw ConfigurationProblem(key: "admin.token", problem: "at least 16 characters; try: openssl rand -hex 24")
    }
    operatorAddress = try read.email("operator.notify")
    mail = try read.mail(siteName: site.name, clientName: URL(string: site.publicURL)?.host() ?? "localhost")
    schedule = try read.schedule(timeZone)
    needsApproval = read.text("digest.approval") == "required"
    allowance = try read.allowance(timeZone)
    canaryLetters = try read.number("digest.canary_letters")
    canaryMinutes = try read.number("digest.canary_minutes")
    mailsQuietWeeks = read.text("digest.quiet_weeks") == "note"
    maximumMeetingAgeDays = try read.number("digest.max_meeting_age_days")
    catchUpDays = try read.number("digest.catch_up_days")
    signupCaps = SignupCaps()
    signupCaps.confirmationsPerAddressPerWeek = try read.number("signup.confirmations_per_address_per_week")
    signupCaps.perNetworkPerHour = try read.number("signup.per_network_per_hour")
    signupCaps.perHour = try read.number("signup.per_hour")
    backupFolder = BackupFolder(path: read.text("backup.folder"), keep: try read.number("backup.keep"))
    backupTime = read.minute("backup.time").map { DailyTime(hour: $0 / 60, minute: $0 % 60, timeZone: timeZone) }
  }

  /// The path of a file or folder that comes with the program: in the working directory, else beside the program.
  static func shipped(_ path: String) -> String {
    if FileManager.default.fileExists(atPath: path) { return path }
    let program = URL(filePath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath()
    return program.deletingLastPathComponent().appending(path: path).path
  }
}
