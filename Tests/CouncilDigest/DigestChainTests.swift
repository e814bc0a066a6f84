import Foundation
import GRDB
import Mail
import TestSupport
import Testing

@testable import CouncilDigest

@Suite struct DigestChainTests {
  @Test func `the schedule starts one run a week and each item is sent once`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    #expect(try await chain.work().isEmpty, "nothing is due yet")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    #expect(try await chain.work() == ["ann@example.org": ["a"]])
    #expect(try await chain.work().isEmpty)
    chain.clock.move(by: 3 * 86_400)
    try await chain.publish("b")
    try chain.clock.move(to: "2026-12-05T08:00:30Z")
    #expect(try await chain.work() == ["ann@example.org": ["b"]])
    let runs = try await chain.runs()
    #expect(runs.map(\.week) == ["2026-W48", "2026-W49"] && runs.allSatisfy { $0.state == .sent })
    #expect(runs[1].from == runs[0].to)
  }

  @Test func `a failed letter leaves the window open and the next digest carries what was missed`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.subscribe("bob@example.org")
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    let refused = SendOutcome.refused(Reply(code: 550, status: nil, text: "no"), isPermanent: true)
    #expect(try await chain.work { $0.recipient.hasPrefix("ann") ? refused : .sent } == ["bob@example.org": ["a"]])
    try await chain.publish("b")
    try chain.clock.move(to: "2026-12-05T08:00:00Z")
    #expect(try await chain.work() == ["ann@example.org": ["a", "b"], "bob@example.org": ["b"]])
  }

  @Test func `late papers go into the next digest`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    #expect(try await chain.work() == ["ann@example.org": []])
    // Arrives at the very millisecond the run has closed over.
    try await chain.publish("late")
    try chain.clock.move(to: "2026-12-05T08:00:00Z")
    #expect(try await chain.work() == ["ann@example.org": ["late"]])
  }

  @Test func `a correction reaches those who were sent the earlier text, once`() async throws {
    let chain = try await Chain("2026-11-17T10:00:00Z")
    try await chain.subscribe("early@example.org")
    try await chain.publish("roads", summary: "Ten roads.")
    try chain.clock.move(to: "2026-11-21T08:00:10Z")
    #expect(try await chain.work() == ["early@example.org": ["roads"]])
    chain.clock.move(by: 600)
    try await chain.subscribe("late@example.org")
    try await chain.publish("roads", daysAgo: 6, summary: "Eleven roads.", correction: "There are eleven.")
    var texts: [String: String] = [:]
    try chain.clock.move(to: "2026-11-28T08:00:10Z")
    let refused = SendOutcome.refused(Reply(code: 550, status: nil, text: "no"), isPermanent: true)
    _ = try await chain.work {
      $0.recipient.hasPrefix("early") ? refused : .sent
    } reading: {
      texts[$0] = $1
    }
    #expect(texts["early@example.org"] == nil && texts["late@example.org"]?.contains("There are eleven.") == false)
    // The letter that failed did not tell, so the next one does.
    try chain.clock.move(to: "2026-12-05T08:00:10Z")
    _ = try await chain.work(reading: { texts[$0] = $1 })
    #expect(texts["early@example.org"]?.contains("There are eleven.") == true)
    #expect(texts["late@example.org"]?.contains("There are eleven.") == false)
    try chain.clock.move(to: "2026-12-12T08:00:10Z")
    _ = try await chain.work(reading: { texts[$0] = $1 })
    #expect(texts["early@example.org"]?.contains("There are eleven.") == false)
  }

  @Test func `texts from before there was a search are indexed at the next start`() async throws {
    let chain = try await Chain("2026-11-17T10:00:00Z")
    for number in 0..<120 { try await chain.publish("m\(number)", summary: "Word\(number) of **many**.") }
    try await chain.services.store.write { try $0.execute(sql: "DELETE FROM meeting_text") }
    try await IndexMeetingTexts(store: chain.services.store)()
    let found = try await chain.services.store.read { database in
      try String.fetchAll(database, sql: "SELECT summary FROM meeting_text WHERE meeting_text MATCH 'word119'")
    }
    #expect(found == ["Word119 of many."])
  }

  @Test func `the first digest reaches back seven days before confirmation`() async throws {
    let chain = try await Chain("2026-11-01T12:00:00Z")
    try await chain.publish("old")
    try chain.clock.move(to: "2026-11-18T12:00:00Z")
    try await chain.publish("recent")
    try chain.clock.move(to: "2026-11-24T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    #expect(try await chain.work() == ["ann@example.org": ["recent"]])
  }

  @Test func `missed weeks become one digest, and a long absence waits for the next week`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    // Down over two Saturdays; back on a Wednesday, too late to catch up.
    try chain.clock.move(to: "2026-12-09T12:00:00Z")
    #expect(try await chain.work().isEmpty)
    try await chain.publish("b")
    try chain.clock.move(to: "2026-12-12T08:00:00Z")
    #expect(try await chain.work() == ["ann@example.org": ["a", "b"]])
    #expect(try await chain.runs().count == 1)
  }

  @Test func `a crash while planning is met by planning again`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    for number in 0..<5 { try await chain.subscribe("r\(number)@example.org") }
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    await chain.services.scheduler.work()
    // As if the process had died before the run was marked as planned.
    try await chain.services.store.write { try $0.execute(sql: "UPDATE digest_run SET state = 'planning'") }
    #expect(try await chain.work().count == 5)
    let mails = try await chain.services.store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM outgoing_mail") }
    #expect(mails == 5)
  }

  @Test func `letters held by a dead process are free, and a letter attempted again is the same bytes`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    await chain.services.scheduler.work()
    let first = try #require(try chain.services.queue.take())
    #expect(try chain.services.queue.take() == nil)
    try await chain.publish("a", summary: "Corrected text.")
    chain.clock.move(by: 600)
    // A process that dies held letters only in memory.
    let second = try #require(try chain.restarted().take())
    #expect(second.envelope == first.envelope)
  }

  @Test func `a letter without a readable reply is uncertain after the second time, and the run ends`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    #expect(try await chain.work { _ in .uncertain("silence") }.isEmpty)
    #expect(try await chain.runs().first?.state == .sending)
    chain.clock.move(by: 61)
    _ = try await chain.work { _ in .uncertain("silence") }
    let run = try #require(try await chain.runs().first)
    let counts = try await chain.services.store.read { try run.counts($0) }
    #expect(run.state == .sent && counts.uncertain == 1 && counts.recipients == 1)
  }

  @Test func `a letter never carries a meeting that came after one that was deleted`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    try await chain.publish("secret", summary: "Confidential.")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    await chain.services.scheduler.work()
    try await chain.services.store.write { database in
      try database.execute(sql: "DELETE FROM meeting_text WHERE rowid = 2")
      try database.execute(sql: "DELETE FROM meeting WHERE slug = 'secret'")
    }
    try await chain.publish("other", summary: "Something else.")
    #expect(try await chain.work() == ["ann@example.org": ["a"]])
  }

  @Test func `a cancelled scheduled run stays cancelled`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    await chain.services.scheduler.work()
    try await chain.control(.cancel, run: 1)
    chain.clock.move(by: 60)
    #expect(try await chain.work().isEmpty)
    let run = try #require(try await chain.runs().first)
    #expect(try await chain.runs().count == 1 && run.state == .cancelled && run.finishedAt != nil)
    try chain.clock.move(to: "2026-12-05T08:00:00Z")
    #expect(try await chain.work() == ["ann@example.org": ["a"]], "nothing was lost by it")
  }

  @Test func `a cancelled week run again reaches only those who have no letter of it`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.subscribe("bob@example.org")
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    await chain.services.scheduler.work()
    let first = try #require(try chain.services.queue.take())
    #expect(chain.services.queue.report(.sent, of: first.mail).wait())
    let held = try #require(try chain.services.queue.take())
    try await chain.control(.cancel, run: 1)
    #expect(
      chain.services.queue.report(.refused(Reply(code: 450, text: "later"), isPermanent: false), of: held.mail).wait()
    )
    chain.services.queue.records.settle()
    let cancelled = try #require(try await chain.runs().first)
    let counts = try await chain.services.store.read { try cancelled.counts($0) }
    #expect(counts.sent == 1 && counts.cancelled == 1 && counts.queued == 0 && cancelled.finishedAt != nil)
    chain.clock.move(by: 3_600)
    let now = chain.clock.now
    try await chain.services.store.write {
      _ = try StartDigestRun.start(week: try #require(ISOWeek(parsing: "2026-W48")), end: now, now: now, $0)
    }
    let again = try #require(try await chain.runs().first { $0.id == 2 })
    #expect(again.from == now.addingTimeInterval(-7 * 86_400), "what the cancelled run did not bring is in its window")
    #expect(try await chain.work() == [held.mail.recipient: ["a"]])
  }

  @Test func `a letter that still waits is overtaken by the next run's, which carries its items`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    let later = SendOutcome.refused(Reply(code: 450, text: "later"), isPermanent: false)
    #expect(try await chain.work { _ in later }.isEmpty)
    chain.clock.move(by: 2 * 86_400)
    try await chain.publish("b")
    let now = chain.clock.now
    try await chain.services.store.write {
      _ = try StartDigestRun.start(week: try #require(ISOWeek(parsing: "2026-W49")), end: now, now: now, $0)
    }
    #expect(try await chain.work() == ["ann@example.org": ["a", "b"]])
    #expect(try await chain.work().isEmpty)
    #expect(try await chain.runs().allSatisfy { $0.state == .sent })
  }

  @Test func `a letter that can't be composed does not stop the others`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    let (now, key) = (chain.clock.now, chain.services.store.keys.current)
    try await chain.services.store.write { database in
      for address in ["broken@example.org", "fine@example.org"] {
        try OutgoingMail.queue(
          .confirmation,
          to: try EmailAddress(parsing: address),
          body: LetterBody(subject: address, text: "t", html: "h"),
          referenceID: 1,
          key: key,
          now: now,
          database
        )
      }
      try database.execute(
        sql: "UPDATE letter_body SET text = x'00' WHERE id = (SELECT min(letter_body_id) FROM outgoing_mail)"
      )
    }
    #expect(try chain.services.queue.take()?.mail.recipient == "fine@example.org")
    let diagnostic = try await chain.services.store.read {
      try String.fetchOne($0, sql: "SELECT diagnostic FROM outgoing_mail WHERE recipient = 'broken@example.org'")
    }
    #expect(diagnostic?.contains("composed") == true)
  }

  @Test func `who leaves and comes back is not told the same again`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    _ = try await chain.work()
    let now = chain.clock.now
    try await chain.services.store.write { try Unsubscribe.leave(1, now: now, $0) }
    chain.clock.move(by: 86_400)
    try await chain.subscribe("ann@example.org")
    try await chain.publish("b")
    try chain.clock.move(to: "2026-12-05T08:00:00Z")
    #expect(try await chain.work() == ["ann@example.org": ["b"]])
  }

  @Test func `confirmations overtake digests`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    await chain.services.scheduler.work()
    let (now, key) = (chain.clock.now, chain.services.store.keys.current)
    try await chain.services.store.write { database in
      try OutgoingMail.queue(
        .confirmation,
        to: try EmailAddress(parsing: "new@example.org"),
        body: LetterBody(subject: "s", text: "t", html: "h"),
        referenceID: 1,
        key: key,
        now: now,
        database
      )
    }
    #expect(try chain.services.queue.take()?.mail.kind == .confirmation)
  }
}
