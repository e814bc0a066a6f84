import Foundation
import Mail
import TestSupport
import Testing

@testable import CouncilDigest

@Suite struct EraseSubscriberTests {
  private func counts(_ chain: Chain) async throws -> DigestRun.Counts {
    let run = try #require(try await chain.runs().first)
    return try await chain.services.store.read { try run.counts($0) }
  }

  private func planned() async throws -> Chain {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    for name in ["ann", "bob"] { try await chain.subscribe("\(name)@resident.example") }
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    await chain.services.scheduler.work()
    return chain
  }

  @Test func `a digest that waits for somebody erased is cancelled, and the run ends with all accounted for`()
    async throws
  {
    let chain = try await planned()
    #expect(try await EraseSubscriber(store: chain.services.store)(1))
    #expect(try await chain.work() == ["bob@resident.example": ["a"]])
    let counts = try await counts(chain)
    #expect(counts.recipients == 2 && counts.sent == 1 && counts.cancelled == 1)
    #expect(try await chain.runs().first?.finishedAt != nil)
    #expect(try await EraseSubscriber(store: chain.services.store)(1) == false)
  }

  @Test(arguments: [true, false])
  func `a letter that a worker holds may still end, and brings nobody back`(_ isTaken: Bool) async throws {
    let chain = try await planned()
    chain.services.queue.look()
    let job = try #require(try chain.services.queue.take())
    #expect(try await EraseSubscriber(store: chain.services.store)(job.mail.subscriberID ?? 0))
    let refusal = Reply(code: 450, text: "later, \(job.mail.recipient)")
    let outcome = isTaken ? SendOutcome.sent : .refused(refusal, isPermanent: false)
    #expect(chain.services.queue.report(outcome, of: job.mail).wait())
    chain.services.queue.records.settle()
    _ = try await chain.work()
    let counts = try await counts(chain)
    #expect(counts.recipients == 2 && counts.queued == 0 && counts.sent == (isTaken ? 2 : 1))
    #expect(try await chain.runs().first?.finishedAt != nil)
    let address = job.mail.recipient
    try await chain.services.store.emptyLog()
    let file = try Data(contentsOf: URL(filePath: chain.folder.file("s.sqlite")))
    #expect(file.range(of: Data(address.utf8)) == nil)
  }

  @Test func `an address that comes back after it was erased starts afresh`() async throws {
    let chain = try await planned()
    _ = try await chain.work()
    _ = try await EraseSubscriber(store: chain.services.store)(1)
    chain.clock.move(by: 86_400)
    try await chain.subscribe("ann@resident.example")
    try await chain.publish("b", daysAgo: 0.5)
    try chain.clock.move(to: "2026-12-05T08:00:00Z")
    // The first digest reaches back seven days before confirmation, to what was announced on the 23rd.
    #expect(try await chain.work()["ann@resident.example"] == ["a", "b"])
  }
}
