import Foundation
import GRDB
import Logging
import Mail
import Synchronization
import TestSupport
import Testing

@testable import CouncilDigest

/// The chain from schedule to recorded letter, in process, with a clock that is moved.
struct Chain {
  let clock: TestClock
  let services: Services
  let folder: TemporaryFolder

  init(_ now: String, _ settings: [String: String] = [:]) async throws {
    clock = try TestClock(now)
    folder = try TemporaryFolder()
    var environment = [
      "store.path": folder.file("s.sqlite"), "mail.maildir": folder.file("mail"),
      "store.migrations": Machine.root.appending(path: "migrations").path,
    ].merging(settings) { $1 }
    environment = Dictionary(
      uniqueKeysWithValues: environment.map { ("COUNCIL_DIGEST_" + $0.uppercased().replacing(".", with: "_"), $1) }
    )
    if settings["store.path"] == nil { try MigratedStore.put(at: folder.file("s.sqlite")) }
    services = try await Services(
      try Configuration.load(file: nil, environment: environment),
      clock: clock.wall,
      log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    try await addCouncil("w", "Wychford")
  }

  /// - Parameter committee: its slug; by default the meeting has one of its own.
  func publish(
    _ slug: String,
    council: String = "w",
    committee: String? = nil,
    daysAgo: Double = 1,
    summary: String? = "Text.",
    transcript: String? = nil,
    correction: String? = nil
  ) async throws {
    let committee = committee ?? slug
    let input = MeetingInput(
      content: MeetingContent(
        committee: "Committee \(committee)",
        startsAt: clock.now.addingTimeInterval(-daysAgo * 86_400).formatted(.iso8601),
        status: .held,
        summary: summary,
        attendees: [],
        documents: []
      ),
      committeeSlug: try Slug(segment: committee),
      transcript: transcript,
      correction: correction
    )
    let now = clock.now
    try await services.store.write { database in
      _ = try services.putMeeting.put(
        try Slug(segment: slug),
        of: try Council.require(council, database),
        input,
        now: now,
        database
      )
    }
  }

  func putTopic(_ slug: String, _ query: String) async throws {
    let now = clock.now
    try await services.store.write {
      let input = TopicInput(name: slug, description: "", query: try TopicQuery(parsing: query))
      _ = try PutTopic.put(try Slug(segment: slug), input, now: now, $0)
    }
    try await services.catchUpTopics()
  }

  func makeProfessional(_ address: String) async throws {
    let until = clock.now.addingTimeInterval(300 * 86_400)
    try await services.store.write { database in
      try database.execute(
        sql: "UPDATE subscriber SET professional_until = ? WHERE email_key = ?",
        arguments: [until.milliseconds, address]
      )
    }
  }

  func addCouncil(_ slug: String, _ name: String) async throws {
    let now = clock.now
    try await services.store.write {
      _ = try PutCouncil.put(try Slug(segment: slug), CouncilDetails(name: name), now: now, $0)
    }
  }

  /// Signs up and confirms; what is followed is named as the preferences page does.
  func subscribe(_ address: String, to references: String...) async throws {
    try await subscribe(address, to: references.isEmpty ? ["council:w"] : references)
  }

  func subscribe(_ address: String, to references: [String]) async throws {
    let now = clock.now
    try await services.store.write { database in
      let targets = try SavePreferences.targets(references, database)
      let subscriber = try Subscriber.findOrInsert(try EmailAddress(parsing: address), now: now, database)
      let consent = try Consent(scope: "test", source: "test").insert(of: subscriber.id, now: now, database)
      for target in targets { try target.follow(subscriber.id, consent: consent, database) }
      _ = try ConfirmSubscription.confirm(consent, now: now, database)
    }
  }

  /// A reader asks for another address, whose mailbox confirms.
  func move(_ id: Int64, to address: String) async throws {
    let now = clock.now
    let isDone = try await services.store.write { [keys = services.store.keys] database in
      try database.execute(
        sql: "INSERT INTO address_change (subscriber_id, email, state, requested_at) VALUES (?, ?, 'waiting', ?)",
        arguments: [id, address, now.milliseconds]
      )
      return try AddressChange.confirm(database.lastInsertedRowID, keys, now: now, database)
    }
    #expect(isDone)
  }

  /// Works until nothing is left, sending every letter with `outcome`; the digests' committees by recipient.
  /// - Parameter reading: is given the recipient and the text of each letter that was sent.
  func work(
    _ outcome: (OutgoingMail) -> SendOutcome = { _ in .sent },
    reading: (String, String) -> Void = { _, _ in }
  ) async throws -> [String: [String]] {
    await services.scheduler.work()
    services.queue.look()
    var sent: [String: [String]] = [:]
    while let job = try services.queue.take() {
      let result = outcome(job.mail)
      if result == .sent {
        let text = ReceivedLetter(parsing: job.envelope.content.joined).text
        reading(job.mail.recipient, text)
        sent[job.mail.recipient] = text.matches(of: /(?m)^Committee (\w+)$/).map { String($0.1) }
      }
      #expect(services.queue.report(result, of: job.mail).wait())
      services.queue.records.settle()
    }
    await services.scheduler.work()
    return sent
  }

  /// The queue of a process that starts on the same store.
  func restarted() throws -> DeliveryQueue {
    let queue = services.queue
    return DeliveryQueue(
      store: queue.store,
      assembly: queue.assembly,
      editions: queue.editions,
      allowance: queue.allowance,
      records: try DeliveryRecords(
        store: queue.store,
        allowance: queue.allowance,
        canary: services.canary,
        notices: services.notices,
        pace: DeliveryPace(),
        log: services.log
      ),
      judgeCanary: JudgeCanary(store: queue.store, plan: services.canary, notices: services.notices)
    )
  }

  func control(_ control: ControlDigestRun, run: Int64) async throws {
    let now = clock.now
    _ = try await services.store.write { try control.apply(to: run, now: now, $0) }
  }

  func runs() async throws -> [DigestRun] {
    try await services.store.read { database in
      try Row.fetchAll(database, sql: "SELECT \(DigestRun.columns) FROM digest_run ORDER BY id").compactMap(
        DigestRun.init
      )
    }
  }
}
