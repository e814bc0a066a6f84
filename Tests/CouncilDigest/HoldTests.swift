import Foundation
import GRDB
import HTTPServer
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

  @Test func `letters of a run under way that carry nothing older leave, and explain says what became of the others`()
    async throws
  {
    let chain = try await Chain("2026-11-17T12:00:00Z")
    try await chain.addCouncil("x", "Exbury")
    for (name, council) in [("ann", "w"), ("bob", "x")] {
      try await chain.subscribe("\(name)@example.org", to: "council:\(council)")
    }
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-19T12:00:00Z")
    try await chain.publish("b")
    try await chain.publish("c", council: "x")
    try chain.clock.move(to: "2026-11-21T08:00:00Z")
    await chain.services.scheduler.work()
    try await hold(chain)
    try await release(chain, .treatAsSent(until: try Date("2026-11-18T08:00:00Z", strategy: .iso8601)))
    #expect(try await chain.work() == ["bob@example.org": ["c"]])
    #expect(try await chain.runs().map(\.state) == [.sent])
    #expect(try await explain(chain, "bob@example.org", "x/c").carried)
    for meeting in ["w/a", "w/b"] {
      let why = try await explain(chain, "ann@example.org", meeting)
      #expect(!why.carried && why.letter == "cancelled" && why.because[0].contains("was cancelled"), "\(why)")
      #expect(why.because[1].contains(meeting == "w/a" ? "counts as sent" : "The next digest has it"), "\(why)")
    }
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    #expect(try await chain.work()["ann@example.org"] == ["b"])
    #expect(try await explain(chain, "ann@example.org", "w/b").because[1] == "The digest of 2026-W48 had it instead.")
  }

  @Test func `a run whose letters all carry something older has nothing left to wait for`() async throws {
    let chain = try await Chain("2026-11-17T12:00:00Z", ["digest.approval": "required"])
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-21T08:00:00Z")
    await chain.services.scheduler.work()
    #expect(try await chain.runs().map(\.state) == [.awaitingApproval])
    try await hold(chain)
    try await release(chain, .treatAsSent(until: try Date("2026-11-20T08:00:00Z", strategy: .iso8601)))
    let run = try #require(try await chain.runs().first)
    #expect(run.state == .cancelled && run.finishedAt != nil)
  }

  private struct Explanation: Decodable {
    var letter: String?
    var carried: Bool
    var because: [String]
  }

  private func explain(_ chain: Chain, _ subscriber: String, _ meeting: String) async throws -> Explanation {
    let query = "subscriber=\(subscriber)&meeting=\(meeting)&week=2026-W47"
    let explain = ExplainDigest(store: chain.services.store, timeZone: chain.services.site.identity.timeZone)
    let answer = try await explain(Request(method: .get, path: "/api/v1/explain", query: query))
    return try JSONDecoder().decode(Explanation.self, from: Data(answer.body))
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
