import Foundation
import TestSupport
import Testing

@testable import CouncilDigest

@Suite struct NextDigestTests {
  @Test func `the next digest is of the first scheduled time whose week has no run yet`() async throws {
    let chain = try await Chain("2026-11-26T12:00:00Z")
    let next = chain.services.nextDigest
    func date(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }
    #expect(try await next() == date("2026-11-28T08:00:00Z"))
    let now = chain.clock.now
    try await chain.services.store.write {
      _ = try StartDigestRun.start(week: try #require(ISOWeek(parsing: "2026-W48")), end: now, now: now, $0)
    }
    #expect(try await next() == date("2026-12-05T08:00:00Z"))
    try await chain.control(.cancel, run: 1)
    #expect(try await next() == date("2026-11-28T08:00:00Z"))
    try await chain.subscribe("ann@example.org")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    _ = try await chain.work()
    #expect(try await next() == date("2026-12-05T08:00:00Z"))
  }
}
