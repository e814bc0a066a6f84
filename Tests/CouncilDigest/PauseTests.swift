import Foundation
import Mail
import TestSupport
import Testing

@testable import CouncilDigest

@Suite struct PauseTests {
  private func pause(_ chain: Chain, until text: String?) async throws {
    let date = try text.map { try Date($0, strategy: .iso8601) }
    try await chain.services.store.write { try PauseDigests.set(date, for: 1, $0) }
  }

  @Test func `a paused reader gets nothing, and then one letter that covers the weeks missed`() async throws {
    let chain = try await Chain("2026-11-17T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-21T08:00:00Z")
    #expect(try await chain.work() == ["ann@example.org": ["a"]])
    try await pause(chain, until: "2026-12-07T00:00:00Z")
    for (saturday, meeting) in [("2026-11-28T08:00:00Z", "b"), ("2026-12-05T08:00:00Z", "c")] {
      try await chain.publish(meeting)
      try chain.clock.move(to: saturday)
      #expect(try await chain.work().isEmpty)
    }
    try await chain.publish("d")
    try chain.clock.move(to: "2026-12-12T08:00:00Z")
    #expect(try await chain.work() == ["ann@example.org": ["b", "c", "d"]])
  }

  @Test func `who pauses while a run is being sent gets nothing of it and loses nothing`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    await chain.services.scheduler.work()
    try await pause(chain, until: "2026-12-01T00:00:00Z")
    #expect(try await chain.work().isEmpty)
    let run = try #require(try await chain.runs().first)
    let counts = try await chain.services.store.read { try run.counts($0) }
    #expect(counts.cancelled == 1 && run.state == .sent)
    try chain.clock.move(to: "2026-12-05T08:00:00Z")
    #expect(try await chain.work() == ["ann@example.org": ["a"]])
  }

  @Test func `who leaves and comes back is not paused any more`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await pause(chain, until: "2027-06-01T00:00:00Z")
    let now = chain.clock.now
    try await chain.services.store.write { try Unsubscribe.leave(1, now: now, $0) }
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    #expect(try await chain.work() == ["ann@example.org": ["a"]])
  }

  @Test func `who goes on while a run is planned loses nothing`() async throws {
    let chain = try await Chain("2026-10-12T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.publish("old")
    try await pause(chain, until: "2027-01-01T00:00:00Z")
    try chain.clock.move(to: "2026-11-27T12:00:00Z")
    try await chain.subscribe("bob@example.org")
    try await chain.publish("new")
    let end = chain.clock.now
    let (plan, readership) = try await chain.services.store.read { database in
      let plan = try EditionPlan.load(week: "2026-W48", end: end, mailsQuietWeeks: true, database)
      return (plan, try Readership(plan, database))
    }
    try await pause(chain, until: nil)
    let entries = try await chain.services.store.read { try readership.slice(after: 0, limit: 9, $0).entries }
    #expect(entries.map(\.email) == ["bob@example.org"], "the plan does not reach back to what Ann missed")
    _ = plan
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    #expect(try await chain.work()["ann@example.org"] == ["old", "new"])
  }

  @Test func `going on early counts from the next run`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    try await pause(chain, until: "2027-02-01T00:00:00Z")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    #expect(try await chain.work().isEmpty)
    try await pause(chain, until: nil)
    try chain.clock.move(to: "2026-12-05T08:00:00Z")
    #expect(try await chain.work() == ["ann@example.org": ["a"]])
  }

  @Test(arguments: [
    ("2026-12-20", "2026-12-20T00:00:00Z"), ("2027-06-01", "2027-05-31T23:00:00Z"),
    ("2027-01-01", "2027-01-01T00:00:00Z"),
  ])
  func `a day begins at midnight where the site is`(_ text: String, _ expected: String) throws {
    let (now, zone) = try place()
    #expect(try PauseDigests.start(of: text, now: now, in: zone).get() == (try Date(expected, strategy: .iso8601)))
  }

  @Test(arguments: [
    "", "tomorrow", "2026-11-24", "2026-02-30", "2027-02-29", "2028-01-01", "20-12-2026", "2026-12", "2026-12-20-1",
    "99999999999-1-1", "-2026-1-1",
  ])
  func `a day that can't be is refused with a reason`(_ text: String) throws {
    let (now, zone) = try place()
    guard case .failure(let problem) = PauseDigests.start(of: text, now: now, in: zone) else {
      Issue.record("\(text) was taken")
      return
    }
    #expect(problem.field == "until" && !problem.detail.isEmpty)
  }

  private func place() throws -> (Date, TimeZone) {
    (try Date("2026-11-24T12:00:00Z", strategy: .iso8601), try #require(TimeZone(identifier: "Europe/London")))
  }
}
