import Foundation
import GRDB
import Mail
import TestSupport
import Testing

@testable import CouncilDigest

@Suite struct RetentionTests {
  private static let start = "2026-11-23T12:00:00Z"

  private func count(_ chain: Chain, _ table: String, where condition: String = "true") async throws -> Int {
    try await chain.services.store.read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table) WHERE \(condition)") ?? -1
    }
  }

  private func signUp(_ chain: Chain, _ text: String, state: Subscriber.State = .pending) async throws {
    let now = chain.clock.now
    let letters = SubscriptionLetters(frame: chain.services.letters)
    try await chain.services.store.write { database in
      let address = try EmailAddress(parsing: text)
      let targets = try SavePreferences.targets(["council:w"], database)
      let subscriber = try Subscriber.findOrInsert(address, now: now, database)
      let consent = try Consent(scope: "w", source: "web form", density: nil).insert(
        of: subscriber.id,
        now: now,
        database
      )
      for target in targets { try target.follow(subscriber.id, consent: consent, database) }
      try OutgoingMail.queue(
        .confirmation,
        to: address,
        body: try letters.confirmation(targets),
        subscriberID: subscriber.id,
        referenceID: consent,
        key: chain.services.store.keys.current,
        now: now,
        database
      )
      if state == .suppressed {
        try database.execute(
          sql: "UPDATE subscriber SET state = 'suppressed', suppressed_because = 'gone' WHERE id = ?",
          arguments: [subscriber.id]
        )
      }
    }
  }

  @Test func `a sign-up that nobody confirms disappears after seven days, with its address`() async throws {
    let chain = try await Chain(Self.start)
    try await signUp(chain, "new@resident.example")
    try await signUp(chain, "gone@resident.example", state: .suppressed)
    try await chain.subscribe("ann@resident.example")
    try await signUp(chain, "ann@resident.example")
    _ = try await chain.work()
    chain.clock.move(by: 7 * 86_400 - 60)
    await chain.services.retention.workWhenDue()
    #expect(try await count(chain, "subscriber") == 3)
    // It works once a day, whoever asks.
    chain.clock.move(by: 120)
    await chain.services.retention.workWhenDue()
    #expect(try await count(chain, "subscriber") == 3)
    chain.clock.move(by: 86_400)
    await chain.services.retention.workWhenDue()
    let left = try await chain.services.store.read { try String.fetchAll($0, sql: "SELECT email FROM subscriber") }
    #expect(left == ["ann@resident.example"])
    #expect(try await count(chain, "consent") == 1)
    #expect(try await count(chain, "subscription") == 1)
    #expect(try await count(chain, "outgoing_mail", where: "recipient <> ''") == 0)
    let keys = chain.services.store.keys
    let reason = try await chain.services.store.read { database in
      try Suppression.reason(try EmailAddress(parsing: "gone@resident.example"), keys, database)
    }
    #expect(reason == "gone")
    for suffix in ["", "-wal"] {
      let file = try Data(contentsOf: URL(filePath: chain.folder.file("s.sqlite") + suffix))
      #expect(file.range(of: Data("new@resident".utf8)) == nil, "it is in s.sqlite\(suffix)")
    }
  }

  @Test func `letters become numbers of their run after ninety days`() async throws {
    let chain = try await Chain(Self.start)
    for name in ["ann", "bob", "cy"] { try await chain.subscribe("\(name)@resident.example") }
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    _ = try await chain.work { mail in
      switch mail.recipient.prefix(3) {
      case "ann": .sent
      case "bob": .refused(Reply(code: 550, status: "5.1.1", text: "no bob@resident.example"), isPermanent: true)
      default: .sent
      }
    }
    let run = try #require(try await chain.runs().first)
    let before = try await chain.services.store.read { try run.counts($0) }
    #expect(before.sent == 2 && before.failed == 1)
    chain.clock.move(by: 89 * 86_400)
    await chain.services.retention.workWhenDue()
    #expect(try await count(chain, "outgoing_mail", where: "run_id IS NOT NULL") >= 3)
    chain.clock.move(by: 8 * 86_400)
    // A later letter holds the highest number.
    try await signUp(chain, "new@resident.example")
    await chain.services.retention.workWhenDue()
    #expect(try await count(chain, "outgoing_mail", where: "run_id = \(run.id)") == 0)
    #expect(try await chain.services.store.read { try run.counts($0) } == before)
    #expect(try await count(chain, "bounce", where: "diagnostic <> ''") == 0)
    #expect(try await count(chain, "edition", where: "run_id = \(run.id) AND letter_body_id IS NOT NULL") == 0)
    // Nobody gets anything twice because of it.
    try await chain.publish("b")
    try chain.clock.move(to: "2027-03-13T08:00:00Z")
    let sent = try await chain.work()
    #expect(sent["ann@resident.example"] == ["b"])
  }

  @Test func `what somebody was told in a letter is forgotten after a week, and its body when no letter has it`()
    async throws
  {
    let chain = try await Chain(Self.start)
    try await signUp(chain, "new@resident.example")
    _ = try await chain.work()
    #expect(try await count(chain, "letter_body") == 1)
    chain.clock.move(by: 8 * 86_400)
    try await chain.services.store.write { database in
      _ = try LetterBody(subject: "newest", text: "t", html: "h").insert(database)
    }
    await chain.services.retention.workWhenDue()
    let subjects = try await chain.services.store.read {
      try String.fetchAll($0, sql: "SELECT subject FROM letter_body")
    }
    #expect(subjects == ["newest"])
  }
}
