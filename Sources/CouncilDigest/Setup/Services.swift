import Foundation
import HTTPServer
import Logging
import Mail

/// Everything that runs, put together once. The composition root: what depends on what can be read here.
struct Services: Sendable {
  let configuration: Configuration
  let log: Logger
  let store: Store
  let site: Site
  let usualWords = UsualWords()
  let topicQueries = TopicQueries()
  let requestMeters = RequestMeters()
  let keyGuesses = KeyGuesses()
  let apiKeys: APIKeys
  let letters: LetterFrame
  let notices: OperatorNotices
  let canary: Canary.Plan
  let admission: SignupAdmission
  let signer: DKIMSigner?
  let queue: DeliveryQueue
  let receiveBounce: ReceiveBounce
  let sender: Sender
  let scheduler: DigestScheduler
  let retention: DailyRetention
  let backUp: BackUpStore
  /// When they are made by themselves.
  let scheduledBackups: ScheduledBackups?
  /// When there is a mailbox that reports come back to.
  let bounceMailbox: ReadBounceMailbox?

  init(_ configuration: Configuration, clock: WallClock, log: Logger, isDemo: Bool = false) async throws {
    self.configuration = configuration
    self.log = log
    store = try Store(path: configuration.storePath, migrations: configuration.migrationsFolder, clock: clock)
    try await IndexMeetingTexts(store: store)()
    let templates = try await Templates(folder: Resources.folder("templates"))
    try await KeepConsentTexts(store: store, templates: templates, site: configuration.site)()
    let headers = SecurityHeaders(isSecure: configuration.site.isSecure)
    site = Site(
      identity: configuration.site,
      templates: templates,
      assets: try Assets(folder: Resources.folder("assets"), headers: headers),
      cache: PageCache(clock: clock, timeZone: configuration.site.timeZone, headers: headers),
      headers: headers,
      isDemo: isDemo
    )
    apiKeys = try await APIKeys(store: store, adminToken: configuration.adminToken)
    letters = LetterFrame(templates: templates, site: configuration.site)
    notices = OperatorNotices(
      frame: letters,
      keys: store.keys,
      recipient: configuration.operatorAddress,
      now: { [store] in store.now() }
    )
    canary = Canary.Plan(letters: configuration.canaryLetters, wait: Double(configuration.canaryMinutes) * 60)
    admission = SignupAdmission(
      store: store,
      caps: configuration.signupCaps,
      proxies: configuration.trustedProxies,
      notices: notices
    )
    let mail = configuration.mail
    signer = try mail.dkim.signer()
    queue = try DeliveryQueue(
      store: store,
      assembly: LetterAssembly(
        keys: store.keys,
        site: configuration.site,
        sender: .init(from: mail.from, replyTo: mail.replyTo, bounceAddress: mail.bounceAddress)
      ),
      editions: ComposeEdition(frame: letters),
      allowance: configuration.allowance,
      records: DeliveryRecords(
        store: store,
        allowance: configuration.allowance,
        canary: canary,
        notices: notices,
        pace: DeliveryPace(),
        log: log
      ),
      judgeCanary: JudgeCanary(store: store, plan: canary, notices: notices)
    )
    let notify: @Sendable (OperatorNotice) -> Void = { [store, notices] notice in
      do {
        try store.writeBlocking { try notices.queue(notice, $0) }
      } catch {
        log.error("operator.not-notified", metadata: ["error": "\(error)"])
      }
    }
    receiveBounce = ReceiveBounce(
      store: store,
      letters: BouncedLetter(assembly: queue.assembly),
      recordBounce: RecordBounce(notices: notices),
      log: log
    )
    bounceMailbox = mail.bounceMailbox.map { [receiveBounce] mailbox in
      ReadBounceMailbox(
        mailbox,
        every: .seconds(mail.bounceMailboxMinutes * 60),
        receiveBounce: receiveBounce,
        log: log,
        notify: notify
      )
    }
    backUp = BackUpStore(store: store, settle: { [queue] in queue.records.settle() })
    scheduledBackups = configuration.backupTime.map { [backUp] time in
      ScheduledBackups(
        backUp: backUp,
        folder: configuration.backupFolder,
        time: time,
        now: clock.now,
        log: log,
        notify: notify
      )
    }
    sender = Sender(
      queue: queue,
      clock: clock,
      workers: mail.connections,
      rate: RateLimit(perSecond: mail.ratePerSecond, perHour: mail.ratePerHour),
      signer: signer,
      log: log,
      notify: notify,
      openTransport: { try Self.openTransport(mail.way) }
    )
    retention = DailyRetention(store: store, log: log)
    scheduler = DigestScheduler(
      store: store,
      schedule: configuration.schedule,
      catchUpDays: configuration.catchUpDays,
      planner: PlanDigestRun(
        store: store,
        catchUpTopics: CatchUpTopics(
          store: store,
          cache: site.cache,
          transcripts: MatchTranscripts(store: store, queries: topicQueries)
        ),
        mailsQuietWeeks: configuration.mailsQuietWeeks,
        needsApproval: configuration.needsApproval,
        canary: canary,
        notices: notices,
        decide: { [queue] in queue.decide(about: $0) },
        decided: { [queue] in queue.decided(about: $0) }
      ),
      log: log,
      mailQueued: { [sender] in sender.wake() }
    )
  }

  var application: Application {
    Application(
      router: Router(RouteTable(services: self).routes),
      hosts: HostCheck(publicURL: configuration.site.publicURL, port: configuration.port),
      refusals: RefusalResponses(site: site),
      site: site,
      proxies: configuration.trustedProxies,
      spoolFolder: spoolFolder,
      accessLog: accessLog,
      meters: requestMeters,
      log: log
    )
  }

  var spoolFolder: String { URL(filePath: configuration.storePath).deletingLastPathComponent().path }

  private var accessLog: AccessLog? {
    if configuration.logsRequests { return AccessLog(log: log, level: .info) }
    return log.logLevel <= .debug ? AccessLog(log: log, level: .debug) : nil
  }

  var putMeeting: PutMeeting {
    PutMeeting(
      store: store,
      cache: site.cache,
      maximumAgeDays: configuration.maximumMeetingAgeDays,
      textChanged: { [topicQueries] in try MatchTopics.ofMeeting($0, topicQueries, $1) },
      lookAtTranscript: { [matchTranscripts] in try await matchTranscripts.look(at: $0) }
    )
  }

  private var matchTranscripts: MatchTranscripts { MatchTranscripts(store: store, queries: topicQueries) }

  var catchUpTopics: CatchUpTopics {
    CatchUpTopics(store: store, cache: site.cache, transcripts: matchTranscripts)
  }

  var dryRun: DryDigestRun {
    DryDigestRun(
      store: store,
      timeZone: configuration.site.timeZone,
      mailsQuietWeeks: configuration.mailsQuietWeeks,
      editions: queue.editions
    )
  }

  private static func openTransport(_ way: Configuration.MailConfiguration.Way) throws -> any MailTransport {
    switch way {
    case .maildir(let folder): try Maildir(folder: URL(filePath: folder))
    case .smtp(let settings): try SMTPTransport(settings)
    }
  }
}

/// The files that come with the program.
enum Resources {
  static func folder(_ name: String) throws -> URL {
    guard let url = Bundle.module.resourceURL?.appending(path: name),
      FileManager.default.fileExists(atPath: url.path)
    else { throw ConfigurationProblem(key: "resources", problem: "the folder \(name) is missing beside the program") }
    return url
  }
}
