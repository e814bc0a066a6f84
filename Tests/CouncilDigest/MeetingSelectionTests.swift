import Foundation
import Testing

@testable import CouncilDigest

/// Which meetings feeds and calendars are made of.
@Suite struct MeetingSelectionTests {
  private func chain() async throws -> Chain {
    let chain = try await Chain("2026-11-20T12:00:00Z")
    for (slug, days) in [("p90", 90.0), ("p91", 91.0), ("p1", 1.0), ("n1", -1.5), ("n399", -399.0), ("n401", -401.0)] {
      try await chain.publish(slug, daysAgo: days, summary: slug == "n1" ? nil : "Text.")
    }
    try await chain.addCouncil("other", "Other")
    try await chain.publish("o", council: "other")
    return chain
  }

  private func calendar(_ chain: Chain, committee: String? = nil, limit: Int = 500) async throws -> [String] {
    let now = chain.clock.now
    return try await chain.services.store.read { database in
      let council = try Council.require("w", database)
      let meetings = try Meeting.around(
        now,
        within: MeetingCalendar.span(around: now),
        council: council.id,
        committee: try committee.map { try Committee.require($0, of: council, database).id },
        limit: limit,
        database
      )
      return meetings.map(\.slug)
    }
  }

  @Test func `a calendar reaches from 90 days back to 400 ahead, soonest first`() async throws {
    let chain = try await chain()
    #expect(try await calendar(chain) == ["p90", "p1", "n1", "n399"])
    #expect(try await calendar(chain, committee: "p1") == ["p1"])
  }

  @Test func `of more meetings than it holds it has those nearest to now`() async throws {
    let chain = try await chain()
    #expect(try await calendar(chain, limit: 3) == ["p90", "p1", "n1"])
    #expect(try await calendar(chain, limit: 1) == ["p1"])
  }

  @Test func `a feed has the newest that have a summary, whenever that came`() async throws {
    let chain = try await chain()
    let slugs = try await chain.services.store.read { database in
      let council = try Council.require("w", database)
      return try Meeting.summarised(council: council.id, limit: 4, database).map(\.slug)
    }
    #expect(slugs == ["n401", "n399", "p1", "p90"])
  }
}
