import Foundation
import GRDB
import Mail
import TestSupport
import Testing

@testable import CouncilDigest

@Suite struct DigestAllowanceTests {
  private func allowance(
    _ window: Range<Int>? = nil,
    perDay: Int = 0,
    warmUp: (Int, String)? = nil
  ) throws -> DigestAllowance {
    DigestAllowance(
      window: window,
      perDay: perDay,
      warmUp: try warmUp.map { .init(letters: $0.0, from: try Date($0.1, strategy: .iso8601)) },
      timeZone: try #require(TimeZone(identifier: "Europe/London"))
    )
  }

  @Test(arguments: [
    (7 * 60..<20 * 60, "2026-11-28T06:59:00Z", false), (7 * 60..<20 * 60, "2026-11-28T07:00:00Z", true),
    (7 * 60..<20 * 60, "2026-11-28T20:00:00Z", false), (7 * 60..<20 * 60, "2026-06-06T06:30:00Z", true),
    // Over midnight.
    (22 * 60..<30 * 60, "2026-11-28T23:00:00Z", true), (22 * 60..<30 * 60, "2026-11-28T05:59:00Z", true),
    (22 * 60..<30 * 60, "2026-11-28T06:00:00Z", false),
  ])
  func `digests leave in their hours, by the wall clock`(_ window: Range<Int>, _ now: String, _ isOpen: Bool) throws {
    let remaining = try allowance(window).remaining(at: try Date(now, strategy: .iso8601), sent: 0)
    #expect((remaining != 0) == isOpen)
  }

  @Test(arguments: [
    ("2026-12-01T09:00:00Z", 50), ("2026-12-02T00:00:00Z", 100), ("2026-12-04T12:00:00Z", 400),
    ("2026-11-20T12:00:00Z", 50),
  ])
  func `a new sender doubles each day`(_ now: String, _ cap: Int) throws {
    let warming = try allowance(warmUp: (50, "2026-12-01T00:00:00Z"))
    #expect(warming.remaining(at: try Date(now, strategy: .iso8601), sent: 10) == cap - 10)
  }

  @Test func `the smaller cap counts, and none is no cap`() throws {
    let now = try Date("2026-12-03T09:00:00Z", strategy: .iso8601)
    #expect(try allowance(perDay: 120, warmUp: (50, "2026-12-01T00:00:00Z")).remaining(at: now, sent: 0) == 120)
    #expect(try allowance(perDay: 120).remaining(at: now, sent: 500) == 0)
    #expect(try allowance().remaining(at: now, sent: 500) == nil)
    let later = now.addingTimeInterval(40 * 86_400)
    #expect(try allowance(warmUp: (50, "2026-12-01T00:00:00Z")).remaining(at: later, sent: 500) == nil)
  }

  @Test func `what a day does not take goes on the next, and letters people wait for always leave`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z", ["digest.per_day": "2"])
    for number in 0..<5 { try await chain.subscribe("r\(number)@example.org") }
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    #expect(try await chain.work().count == 2)
    #expect(try await chain.work().isEmpty)
    let (now, key) = (chain.clock.now, chain.services.store.keys.current)
    try await chain.services.store.write { database in
      try OutgoingMail.queue(
        .confirmation,
        to: .init(parsing: "new@example.org"),
        body: LetterBody(subject: "s", text: "t", html: "h"),
        referenceID: 1,
        key: key,
        now: now,
        database
      )
    }
    #expect(try await chain.work().count == 1)
    chain.clock.move(by: 86_400)
    #expect(try await chain.work().count == 2)
    chain.clock.move(by: 86_400)
    #expect(try await chain.work().count == 1)
    #expect(try await chain.runs()[0].state == .sent)
  }
}

@Suite struct RefusalWaveTests {
  private func refused(_ status: String?) -> SendOutcome {
    .refused(Reply(code: 550, status: status, text: "no"), isPermanent: true)
  }

  @Test func `many refusals pause, a few dead addresses don't`() {
    var wave = RefusalWave()
    for number in 0..<100 { #expect(wave.receive(number % 4 == 0 ? refused("5.1.1") : .sent) == nil) }
    // Of the fifty before, a quarter was refused; what lies further back is forgotten.
    let answers = (0..<12).map { _ in wave.receive(refused("5.1.1")) }
    #expect(answers.dropLast().allSatisfy { $0 == nil })
    #expect(answers.last == "21 of the last 50 letters were refused")
  }

  @Test func `a run that is refused pauses with most of its letters left, and the operator hears`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z", ["operator.notify": "op@example.org"])
    for number in 0..<60 { try await chain.subscribe("r\(number)@example.org") }
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    let policy = refused("5.7.1")
    var heard = ""
    _ = try await chain.work {
      $0.kind == .digest ? policy : .sent
    } reading: { _, text in
      heard += text
    }
    _ = try await chain.work(reading: { _, text in heard += text })
    let run = try #require(try await chain.runs().first)
    let counts = try await chain.services.store.read { try run.counts($0) }
    #expect(run.state == .paused && counts.failed == 5 && counts.queued == 55)
    #expect(heard.contains("council-digest digest resume 1"))
    let active = try await chain.services.store.read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM subscriber WHERE state = 'active'")
    }
    #expect(active == 60, "it is about us, so nobody is suppressed")
  }
}

@Suite struct ForgivenessTests {
  @Test func `a relay that knows nobody suppresses nobody`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    for number in 0..<40 { try await chain.subscribe("r\(number)@example.org") }
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    let unknown = SendOutcome.refused(Reply(code: 550, status: "5.1.1", text: "no such user"), isPermanent: true)
    _ = try await chain.work { _ in unknown }
    let run = try #require(try await chain.runs().first)
    #expect(run.state == .paused && run.pausedBecause?.contains("were refused") == true)
    let (states, bounces) = try await chain.services.store.read { database in
      (
        try String.fetchSet(database, sql: "SELECT state FROM subscriber"),
        try Int.fetchOne(database, sql: "SELECT count(*) FROM bounce")
      )
    }
    #expect(states == ["active"] && bounces == 0)
  }
}

@Suite struct SuppressionTests {
  @Test(arguments: [
    (BounceReport.Kind.hard, "5.1.1", [SuppressionRule.Ending.hard], true), (.hard, "5.1.10", [.hard], true),
    (.hard, "5.4.4", [.hard], true), (.hard, "5.7.1", [.hard], false), (.hard, "5.7.1", [.hard, .hard], false),
    (.hard, "5.2.2", [.hard, .hard, .hard], true), (.hard, "5.2.2", [.hard, .hard, .arrived, .hard], false),
    (.hard, "5.2.2", [.hard, .soft, .hard, .unknown, .hard], true), (.hard, "5.7.1", [.unknown, .hard, .hard], false),
    (.soft, "4.2.2", [.soft, .soft, .soft, .soft], false), (.soft, "4.4.7", [.soft, .soft, .soft, .soft, .soft], true),
    (.soft, "4.4.7", [.soft, .hard, .soft, .hard, .soft], true), (.complaint, "", [.arrived], true),
  ])
  func `who is gone is suppressed at once, others after digests in a row`(
    _ kind: BounceReport.Kind,
    _ status: String,
    _ endings: [SuppressionRule.Ending],
    _ isSuppressed: Bool
  ) {
    let report = BounceReport(kind: kind, status: status.isEmpty ? nil : status)
    #expect((SuppressionRule.reason(for: report, endings) != nil) == isSuppressed)
  }

  @Test func `a status that words only seem to mean is counted, and not enough alone`() {
    let guessed = BounceReport(kind: .hard, status: "5.1.1", isStatusInferred: true)
    #expect(SuppressionRule.reason(for: guessed, [.hard]) == nil)
    #expect(SuppressionRule.reason(for: guessed, [.hard, .hard, .hard]) != nil)
  }

  @Test func `reports of one policy that come later pause the run, and count against nobody`() async throws {
    let chain = try await Chain("2026-11-17T12:00:00Z", ["digest.per_day": "8", "operator.notify": "op@example.org"])
    for number in 0..<12 { try await chain.subscribe("r\(number)@example.org") }
    for week in 0..<3 {
      try await chain.publish("m\(week)")
      try chain.clock.move(to: "2026-11-21T08:00:00Z")
      chain.clock.move(by: Double(week) * 7 * 86_400)
      let sent = try await chain.work().keys.filter { $0.hasPrefix("r") }
      #expect(sent.count == 8)
      let run = try #require(try await chain.runs().last)
      let policy = BounceReport(kind: .hard, status: "5.7.1", diagnostic: "blocked")
      let letters = try await chain.services.store.read { database in
        try Row.fetchAll(
          database,
          sql: "SELECT id, subscriber_id FROM outgoing_mail WHERE run_id = ? AND state = 'sent'",
          arguments: [run.id]
        ).map { ($0["id"] as Int64, $0["subscriber_id"] as Int64) }
      }
      for (mail, subscriber) in letters {
        let subject = RecordBounce.Subject(subscriber: subscriber, mail: mail, run: run.id)
        _ = try await chain.services.receiveBounce.record([(policy, (subject, .verp))])
      }
      let after = try #require(try await chain.runs().last)
      #expect(after.state == .paused && after.pausedBecause?.hasPrefix("5 of its letters") == true)
      try await chain.control(.cancel, run: run.id)
    }
    let active = try await chain.services.store.read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM subscriber WHERE state = 'active'")
    }
    #expect(active == 12, "it is about us")
  }

  @Test func `a letter that arrives ends the row`() async throws {
    let chain = try await Chain("2026-11-17T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    let refusal = SendOutcome.refused(Reply(code: 550, status: "5.2.2", text: "full"), isPermanent: true)
    for (week, isRefused) in [true, true, false, true, true].enumerated() {
      try await chain.publish("m\(week)")
      try chain.clock.move(to: "2026-11-21T08:00:00Z")
      chain.clock.move(by: Double(week) * 7 * 86_400)
      _ = try await chain.work { _ in isRefused ? refusal : .sent }
    }
    let states = try await chain.services.store.read { try String.fetchAll($0, sql: "SELECT state FROM subscriber") }
    #expect(states == ["active"])
    try await chain.publish("last")
    chain.clock.move(by: 7 * 86_400)
    _ = try await chain.work { _ in refusal }
    let now = try await chain.services.store.read { try String.fetchAll($0, sql: "SELECT state FROM subscriber") }
    #expect(now == ["suppressed"], "three runs in a row")
  }
}

@Suite struct TimeLeftTests {
  @Test func `letters that were put off are reckoned with`() async throws {
    let chain = try await Chain("2026-11-25T09:00:00Z")
    for name in ["ann", "bob"] { try await chain.subscribe("\(name)@example.org") }
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    let later = SendOutcome.refused(Reply(code: 450, text: "greylisted"), isPermanent: false)
    _ = try await chain.work { $0.recipient == "ann@example.org" ? later : .sent }
    let run = try #require(try await chain.runs().first)
    let counts = try await chain.services.store.read { try run.counts($0) }
    #expect(run.state == .sending && counts.queued == 1)
    let wait = try #require(counts.lastAttemptAt).timeIntervalSince(chain.clock.now)
    #expect(wait > 30 && counts.secondsLeft(at: 10, now: chain.clock.now) == wait)
    #expect(counts.secondsLeft(at: 0.001, now: chain.clock.now) == 1_000)
    #expect(counts.secondsLeft(at: nil, now: chain.clock.now) == wait)
    #expect(counts.secondsLeft(at: nil, now: chain.clock.now + wait) == nil, "it is due and does not leave")
  }
}
