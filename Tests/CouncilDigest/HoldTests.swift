import Foundation
import GRDB
import TestSupport
import Testing

@testable import CouncilDigest

@Suite struct HoldTests {
  private func hold(_ chain: Chain) async throws {
    let now = chain.clock.now
    try await chain.services.store.write { try Hold.place("restored", now: now, $0) }
  }

  private func release(_ chain: Chain, _ release: Hold.Release) async throws {
    try await ReleaseHold(store: chain.services.store)(release)
  }

  @Test func `while mail is held no digest leaves and none is started, and resending catches everything up`()
    async throws
  {
    let chain = try await Chain("2026-11-17T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    try await hold(chain)
    try chain.clock.move(to: "2026-11-21T08:00:00Z")
    #expect(try await chain.work().isEmpty)
    #expect(try await chain.runs().isEmpty)
    try chain.clock.move(to: "2026-11-24T08:00:00Z")
    try await chain.publish("b")
    try await release(chain, .resend)
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    #expect(try await chain.work() == ["ann@example.org": ["a", "b"]])
  }

  @Test func `what is treated as sent is not sent again, also of a run under way`() async throws {
    let chain = try await Chain("2026-11-17T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-21T08:00:00Z")
    await chain.services.scheduler.work()
    // The backup was taken here; the letter left after it, so the store does not know.
    try await hold(chain)
    #expect(try chain.services.queue.take() == nil)
    try chain.clock.move(to: "2026-11-24T08:00:00Z")
    try await chain.publish("b")
    try await release(chain, .treatAsSent(until: try Date("2026-11-21T08:00:00Z", strategy: .iso8601)))
    #expect(try await chain.work().isEmpty)
    #expect(try await chain.runs()[0].state == .cancelled)
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    #expect(try await chain.work() == ["ann@example.org": ["b"]])
  }

  @Test func `a confirmation leaves while digests are held`() async throws {
    let chain = try await Chain("2026-11-17T12:00:00Z")
    try await hold(chain)
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
    #expect(try chain.services.queue.take()?.mail.kind == .confirmation)
  }

  @Test func `only what is held can be released`() async throws {
    let chain = try await Chain("2026-11-17T12:00:00Z")
    await #expect(throws: Refusal.self) { try await release(chain, .resend) }
  }
}
