import Foundation
import TestSupport
import Testing

@testable import CouncilDigest

/// The figures that the console draws, and what it says needs a person.
@Suite struct ConsoleFiguresTests {
  @Test func `weeks begin on the site's Monday and count what happened in them`() async throws {
    // Tuesday; the clocks went back on 25 October.
    let chain = try await Chain("2026-11-10T12:00:00Z")
    try await chain.services.store.write { database in
      func at(_ text: String) -> Int64 { RFC3339(text)?.date.milliseconds ?? 0 }
      let people = [
        ("active", "2026-01-05T00:00:00Z", nil), ("active", "2026-11-08T23:59:59Z", nil),
        ("active", "2026-11-09T00:00:00Z", nil),
        // In summer time this is Monday already.
        ("active", "2026-10-18T23:30:00Z", nil), ("unsubscribed", "2026-10-01T00:00:00Z", "2026-11-09T08:00:00Z"),
        ("unsubscribed", "2025-10-01T00:00:00Z", "2026-01-01T08:00:00Z"), ("suppressed", "2026-10-01T00:00:00Z", nil),
      ]
      for (number, (state, joined, left)) in people.enumerated() {
        try database.execute(
          sql: """
            INSERT INTO subscriber (id, email, email_key, state, created_at, confirmed_at, unsubscribed_at)
            VALUES (:id, :id || '@x.example', :id || '@x.example', :state, 1, :joined, :left);
            """,
          arguments: ["id": number + 1, "state": state, "joined": at(joined), "left": left.map(at)]
        )
        // Who asks again later joined at first.
        for confirmed in [at(joined), at(joined) + 9_000_000_000] {
          try database.execute(
            sql: """
              INSERT INTO consent (subscriber_id, scope, source, form_version, notice_version, requested_at, confirmed_at)
              VALUES (?, 's', 'web form', '1', '1', 1, ?)
              """,
            arguments: [number + 1, confirmed]
          )
        }
      }
      for (kind, time) in [
        ("hard", "2026-11-09T00:00:00Z"), ("soft", "2026-11-08T23:59:59Z"), ("complaint", "2026-11-10T12:00:00Z"),
      ] {
        try database.execute(
          sql: "INSERT INTO bounce (kind, diagnostic, evidence, received_at) VALUES (?, '', 'verp', ?)",
          arguments: [kind, at(time)]
        )
      }
      for (week, state, sent, failed) in [
        ("2026-W45", "sent", 7, 1), ("2026-W46", "cancelled", 2, 0), ("2026-W46", "sent", 3, 0),
      ] {
        try database.execute(
          sql: """
            INSERT INTO digest_run (week, state, window_from, window_to, started_at, taken, past_failed)
            VALUES (?, ?, 0, 1, 1, ?, ?)
            """,
          arguments: [week, state, sent, failed]
        )
      }
    }
    let zone = try #require(TimeZone(identifier: "Europe/London"))
    let now = chain.clock.now
    let weeks = try await chain.services.store.read { try WeeklyFigures.load(now: now, zone, $0).weeks }
    #expect(weeks.count == 26 && weeks.last?.week.description == "2026-W46")
    let (this, last) = (weeks[25], weeks[24])
    #expect((this.sent, this.hard, this.soft, this.complaints) == (5, 1, 0, 1))
    #expect((last.sent, last.failed, last.soft, last.hard) == (7, 1, 1, 0))
    #expect((this.joined, this.left, this.active) == (1, 1, 4))
    #expect((last.joined, last.left, last.active) == (1, 0, 4))
    #expect(weeks.first { $0.week.description == "2026-W43" }?.joined == 1)
    #expect(weeks[0].active == 1)
  }

  @Test func `bars stand on one another inside the picture, small ones can be seen, and what left hangs below`() throws
  {
    let chart = BarChart(
      "Digests",
      since: "1 June",
      [
        .init(name: "Sent", style: "", values: [100_000, 0, 50_000]),
        .init(name: "Failed", style: "wrong", values: [1, 0, 0]),
        .init(name: "Left", style: "third", values: [0, 0, 20_000], isBelow: true),
      ]
    )
    #expect(
      chart.summary
        == "Digests by week since 1 June: Sent 100,000 at most and 50,000 this week; Failed 1 at most and 0 this week; Left 20,000 at most and 20,000 this week"
    )
    for bar in chart.bars { #expect(bar.y >= 0 && bar.y + bar.height <= BarChart.height && bar.height > 0, "\(bar)") }
    let below = try #require(chart.bars.first { $0.style == "third" })
    #expect(below.y == chart.baseline && chart.bars.filter { $0.x == below.x }.count == 2)
    let nothing = BarChart("Bounces", since: "1 June", [.init(name: "Hard", style: "", values: [0, 0])])
    #expect(nothing.bars.isEmpty && !nothing.hasKeys)
    #expect(BarChart("x", since: "", []).bars.isEmpty)
  }

  @Test(arguments: [(0, "0"), (7, "7"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567"), (-1_000, "−1,000")])
  func `numbers have their thousands apart`(_ number: Int, _ text: String) {
    #expect(number.grouped == text)
  }

  @Test func `what needs a person is said, the most urgent first, and to readers without what people wrote`() throws {
    let now = Date(milliseconds: 1_000_000_000_000)
    let dates = ReadableDate(.gmt)
    var facts = NeedsPerson.Facts(openRequests: 1, openFeedback: 2, installedAt: now)
    #expect(NeedsPerson(facts, isOperator: false, now: now, dates).items.isEmpty)
    #expect(NeedsPerson(facts, isOperator: true, now: now, dates).items.count == 2)
    facts.trouble = .init(problem: "535 go away", since: now, nextProbe: now)
    facts.newestBackup = now - 3 * 86_400
    facts.isBackedUpDaily = true
    let seen = NeedsPerson(facts, isOperator: true, now: now, dates).items.map(\.sentence)
    #expect(seen.first?.contains("535 go away") == true && seen.last?.hasPrefix("The newest backup is of") == true)
    let reader = NeedsPerson(facts, isOperator: false, now: now, dates).items.map(\.sentence)
    #expect(reader.count == 2 && !reader.joined().contains("535"))
    // Without a schedule for backups a week may pass.
    facts.isBackedUpDaily = false
    #expect(NeedsPerson(facts, isOperator: true, now: now, dates).items.count == 3)
    facts.newestBackup = nil
    facts.installedAt = now - 8 * 86_400
    #expect(
      NeedsPerson(facts, isOperator: true, now: now, dates).items.last?.sentence.hasPrefix("There is no backup") == true
    )
  }
}
