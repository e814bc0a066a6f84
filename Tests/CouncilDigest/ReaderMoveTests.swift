import Foundation
import GRDB
import Mail
import TestSupport
import Testing

@testable import CouncilDigest

/// What follows a reader to another address, and what stays behind.
@Suite struct ReaderMoveTests {
  private static let (old, new) = ("ann@old.example", "ann@new.example")
  private static let gone = Reply(code: 550, status: "5.1.1", text: "no such user")

  private func state(_ chain: Chain, _ id: Int64 = 1) async throws -> Subscriber? {
    try await chain.services.store.read { try Subscriber.find(id: id, $0) }
  }

  /// Ann follows w and y, the other address x and y; there is news of each.
  private func twoAddresses() async throws -> Chain {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.addCouncil("x", "Exbury")
    try await chain.addCouncil("y", "Yatton")
    try await chain.subscribe(Self.old, to: "council:w", "council:y")
    try await chain.subscribe(Self.new, to: "council:x", "council:y")
    for (slug, council) in [("a", "w"), ("b", "x"), ("c", "y")] { try await chain.publish(slug, council: council) }
    return chain
  }

  private func digestsWait(for readers: String...) async throws -> Chain {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    for reader in readers { try await chain.subscribe(reader) }
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    await chain.services.scheduler.work()
    chain.services.queue.look()
    return chain
  }

  // MARK: What comes back

  @Test func `what the old mailbox refuses is not counted against who has moved`() async throws {
    let chain = try await digestsWait(for: Self.old)
    let job = try #require(try chain.services.queue.take())
    try await chain.move(1, to: Self.new)
    #expect(chain.services.queue.report(.refused(Self.gone, isPermanent: true), of: job.mail).wait())
    chain.services.queue.records.settle()
    #expect(try await state(chain)?.state == .active)
    let report = BounceReport(kind: .hard, status: "5.1.1", recipient: Self.old, diagnostic: "")
    let notice = RecordBounce.Subject(subscriber: 1, recipient: Self.new, isAboutReader: false)
    let subjects = [notice, .init(subscriber: 1, recipient: Self.old), .init(subscriber: 1, recipient: "")]
    for subject in subjects {
      #expect(try await chain.services.receiveBounce.record([(report, (subject, .verp))])[0].outcome == .noted)
    }
    let theirs = RecordBounce.Subject(subscriber: 1, recipient: "Ann@New.example")
    _ = try await chain.services.receiveBounce.record([(report, (theirs, .verp))])
    #expect(try await state(chain)?.state == .suppressed)
  }

  @Test(arguments: [BounceReport.Kind.hard, .complaint])
  func `a new mailbox takes the place of one that refused letters, but not of a complaint`(_ kind: BounceReport.Kind)
    async throws
  {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe(Self.old)
    let report = BounceReport(kind: kind, status: "5.1.1", recipient: Self.old, diagnostic: "")
    _ = try await chain.services.receiveBounce.record([(report, (.init(subscriber: 1), .operator))])
    #expect(try await state(chain)?.state == .suppressed)
    let now = chain.clock.now
    let isDone = try await chain.services.store.write { [keys = chain.services.store.keys] database in
      try database.execute(
        sql: "INSERT INTO address_change (subscriber_id, email, state, requested_at) VALUES (1, ?, 'waiting', 0)",
        arguments: [Self.new]
      )
      return try AddressChange.confirm(database.lastInsertedRowID, keys, now: now, database)
    }
    #expect(isDone == (kind == .hard))
    let reader = try await state(chain)
    #expect(reader?.state == (kind == .hard ? .active : .suppressed))
    #expect(reader?.email == (kind == .hard ? Self.new : Self.old))
  }

  @Test func `a letter that was found and composed already leaves for the new address`() async throws {
    let chain = try await digestsWait(for: "zoe@elsewhere.example", Self.old)
    let first = try #require(try chain.services.queue.take())
    #expect(first.mail.recipient == "zoe@elsewhere.example")
    try await chain.move(2, to: Self.new)
    let second = try #require(try chain.services.queue.take())
    #expect(second.mail.recipient == Self.new)
    #expect(second.envelope.recipient.description == Self.new)
    #expect(ReceivedLetter(parsing: second.envelope.content.joined).first("to") == Self.new)
  }

  // MARK: Two addresses that become one

  enum Moment: CaseIterable {
    case nothingSent, oldSent, newSent, oldOnItsWay, newOnItsWay, bothSent
  }

  @Test(arguments: Moment.allCases)
  func `two addresses become one in the middle of a run: each item comes once`(_ moment: Moment) async throws {
    let chain = try await twoAddresses()
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    await chain.services.scheduler.work()
    chain.services.queue.look()
    var items: [String] = []
    var jobs: [String: DeliveryQueue.Job] = [:]
    func send(_ recipient: String) throws {
      let job = try #require(jobs[recipient])
      jobs[recipient] = nil
      let text = ReceivedLetter(parsing: job.envelope.content.joined).text
      items += text.matches(of: /(?m)^Committee (\w+)$/).map { String($0.1) }
      #expect(chain.services.queue.report(.sent, of: job.mail).wait())
    }
    while let job = try chain.services.queue.take() { jobs[job.mail.recipient] = job }
    #expect(jobs.count == 2)
    switch moment {
    case .nothingSent, .oldOnItsWay, .newOnItsWay: break
    case .oldSent: try send(Self.old)
    case .newSent: try send(Self.new)
    case .bothSent: for recipient in [Self.old, Self.new] { try send(recipient) }
    }
    chain.services.queue.records.settle()
    try await chain.move(1, to: Self.new)
    switch moment {
    case .oldOnItsWay: try send(Self.old)
    case .newOnItsWay: try send(Self.new)
    case .nothingSent, .oldSent, .newSent, .bothSent: break
    }
    // What a worker could not deliver is not tried again.
    for job in jobs.values {
      #expect(
        chain.services.queue.report(.refused(Reply(code: 450, text: "later"), isPermanent: false), of: job.mail).wait()
      )
    }
    chain.services.queue.records.settle()
    // Both had left before they were one: as planned, the item that both follow went to both.
    #expect(items.sorted() == (moment == .bothSent ? ["a", "b", "c", "c"] : items.sorted()))
    try await chain.publish("d", council: "x", daysAgo: 0.5)
    try chain.clock.move(to: "2026-12-05T08:00:00Z")
    let sent = try await chain.work()
    #expect(sent.keys.allSatisfy { $0 == Self.new })
    items += sent[Self.new] ?? []
    #expect(items.sorted() == (moment == .bothSent ? ["a", "b", "c", "c", "d"] : ["a", "b", "c", "d"]))
    try chain.clock.move(to: "2026-12-12T08:00:00Z")
    #expect(try await chain.work()[Self.new] ?? [] == [])
  }

  @Test func `one that was paused brings what it missed, and nothing again`() async throws {
    let chain = try await twoAddresses()
    let until = chain.clock.now.addingTimeInterval(60 * 86_400)
    try await chain.services.store.write { try PauseDigests.set(until, for: 2, $0) }
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    #expect(try await chain.work()[Self.old] == ["a", "c"])
    try await chain.publish("e", council: "w")
    try await chain.publish("f", council: "x")
    try chain.clock.move(to: "2026-12-05T08:00:00Z")
    #expect(try await chain.work()[Self.old] == ["e"])
    try await chain.move(1, to: Self.new)
    try await chain.publish("g", council: "y")
    try chain.clock.move(to: "2026-12-12T08:00:00Z")
    #expect(try await chain.work()[Self.new]?.sorted() == ["b", "f", "g"])
  }

  @Test func `a plan goes on when readers are erased or move while it is made`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    for name in ["ann", "bob", "cat"] { try await chain.subscribe("\(name)@old.example") }
    try await chain.publish("a")
    let (store, now) = (chain.services.store, chain.clock.now)
    let planner = PlanDigestRun(
      store: store,
      catchUpTopics: chain.services.catchUpTopics,
      mailsQuietWeeks: true,
      needsApproval: false,
      canary: chain.services.canary,
      notices: chain.services.notices,
      // Asked between the reading of a slice and its writing.
      decide: { _ in
        do {
          try store.writeBlocking { database in
            guard let ann = try Subscriber.find(id: 1, database) else { return }
            try EraseSubscriber.erase(ann, store.keys, now: now, database)
            try database.execute(
              sql: "INSERT INTO address_change (subscriber_id, email, state, requested_at) VALUES (2, ?, 'waiting', 0)",
              arguments: ["bob@new.example"]
            )
            #expect(try AddressChange.confirm(database.lastInsertedRowID, store.keys, now: now, database))
          }
        } catch {
          Issue.record(error)
        }
        return []
      },
      decided: { _ in }
    )
    let outcome = try await store.write {
      try StartDigestRun.start(week: ISOWeek(containing: now, in: .gmt), end: now, now: now, $0)
    }
    guard case .started(let run) = outcome else { return #expect(Bool(false), "\(outcome)") }
    _ = try await planner.plan(run)
    let recipients = try await store.read { database in
      try String.fetchAll(database, sql: "SELECT recipient FROM outgoing_mail WHERE kind = 'digest' ORDER BY recipient")
    }
    #expect(recipients == ["bob@new.example", "cat@old.example"])
  }

  // MARK: What stands elsewhere

  private func places(_ address: String, _ chain: Chain) async throws -> [String] {
    try await chain.services.store.read { database in
      let tables = try String.fetchAll(database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
      return try tables.filter { table in
        try Row.fetchAll(database, sql: "SELECT * FROM \(table)").contains { row in
          row.databaseValues.contains { (String.fromDatabaseValue($0) ?? "").lowercased().contains(address) }
        }
      }
    }
  }

  private func write(_ chain: Chain, _ address: String) async throws {
    let now = chain.clock.now.milliseconds
    try await chain.services.store.write { database in
      try database.execute(
        sql: """
          INSERT INTO topic_request (email, request, state, created_at, confirmed_at) VALUES (?, 'bins', 'open', ?, ?);
          INSERT INTO feedback (kind, message, email, state, created_at) VALUES ('comment', ?, ?, 'open', ?);
          """,
        arguments: [address, now, now, "Write to \(address)", address, now]
      )
      let body = try RequestTopic.confirmationLetter(chain.services.letters)
      try OutgoingMail.queue(
        .topicRequest,
        to: try EmailAddress(parsing: address),
        body: body,
        key: chain.services.store.keys.current,
        now: chain.clock.now,
        database
      )
    }
  }

  @Test(arguments: [true, false])
  func `an erasure after a move leaves neither address anywhere`(_ isJoin: Bool) async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe(Self.old)
    if isJoin { try await chain.subscribe(Self.new) }
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    _ = try await chain.work()
    for address in isJoin ? [Self.old, Self.new] : [Self.old] { try await write(chain, address) }
    try await chain.move(1, to: Self.new)
    #expect(try await EraseSubscriber(store: chain.services.store)(1))
    for address in [Self.old, Self.new] { #expect(try await places(address, chain) == []) }
  }

  @Test func `a request that is accepted after a move is answered at the new address`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe(Self.old)
    try await write(chain, Self.old)
    try await chain.move(1, to: Self.new)
    let emails = try await chain.services.store.read { database in
      try String.fetchAll(database, sql: "SELECT email FROM topic_request UNION ALL SELECT email FROM feedback")
    }
    #expect(emails == [Self.new, Self.new])
    let request = try #require(try await chain.services.store.read { try TopicRequest.find(1, $0) })
    #expect(request.email == Self.new)
  }

  // MARK: Leaving while suppressed

  @Test func `who is suppressed may leave, and a pardon of their refusals brings nobody back`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    for name in ["ann", "bob"] { try await chain.subscribe("\(name)@resident.example") }
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    _ = try await chain.work { _ in .refused(Self.gone, isPermanent: true) }
    for id in [1, 2] as [Int64] { #expect(try await state(chain, id)?.state == .suppressed) }
    let keys = chain.services.store.keys
    let token = MailedLink(purpose: .unsubscribe, row: 1).token(keys, key: keys.current)
    let page = await chain.services.application.respond(
      to: .init(method: .get, path: "/unsubscribe/\(token)", peer: .unixSocket)
    )
    #expect(String(decoding: page.body, as: UTF8.self).contains("<button"))
    _ = await chain.services.application.respond(
      to: .init(method: .post, path: "/unsubscribe/\(token)", peer: .unixSocket)
    )
    let left = try await state(chain)
    #expect(left?.state == .suppressed && left?.unsubscribedAt != nil)
    #expect(try DepartureFile.read(chain.folder.file("s.sqlite-left")).values.allSatisfy { $0.kind == .left })
    let open = try await chain.services.store.read { database in
      try Int.fetchOne(database, sql: "SELECT count(*) FROM consent WHERE subscriber_id = 1 AND withdrawn_at IS NULL")
    }
    #expect(open == 0)
    try await chain.services.store.write { try ForgiveRefusals.ofRun(1, $0) }
    #expect(try await state(chain)?.state == .unsubscribed)
    #expect(try await state(chain, 2)?.state == .active)
  }
}
