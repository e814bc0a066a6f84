import Foundation
import GRDB
import Testing

@testable import CouncilDigest

/// What the service would look for when somebody asks in their own words.
@Suite struct SuggestQueryTests {
  private func suggestion(_ words: String, _ chain: Chain) async throws -> String? {
    let now = chain.clock.now
    return try await chain.services.store.read { try SuggestQuery.suggest(words, now: now, $0)?.description }
  }

  @Test func `words around the wish are not looked for`() async throws {
    let chain = try await Chain("2026-11-25T09:00:00Z")
    for (words, query) in [
      ("buses please", "buses"), ("Please, buses!", "buses"), ("BUSES PLEASE", "buses"), ("SEND", "SEND"),
      ("please give me news of SEND", "SEND"), ("EV charging points", "EV charging"), ("local plan", "local plan"),
      ("I’d like to hear about parking", "parking"),
      ("I am interested in \"flood defences\" please", "\"flood defences\""),
      ("I want to know about buses OR trams", "buses OR trams"), ("please hear me", nil),
      ("buses,trams", "buses trams"),
      ("A40", "A40"), ("parking -airport please", "parking -airport"),
    ] as [(String, String?)] {
      #expect(try await suggestion(words, chain) == query, "\(words)")
    }
  }

  @Test func `markup that was typed is no word`() async throws {
    let chain = try await Chain("2026-11-25T09:00:00Z")
    for words in [
      "<b>buses</b>", "<p class=\"x\">buses&nbsp;</p>", "<script>alert('x')</script> buses <!-- -->",
      "<img src=x onerror=alert(1)>buses",
    ] {
      #expect(try await suggestion(words, chain) == "buses", "\(words)")
    }
  }

  @Test func `what is rare tells more than what is everywhere`() async throws {
    let chain = try await Chain("2026-11-25T09:00:00Z")
    try await fill(chain)
    for (words, query) in [
      ("e-mail scams affecting older people", "e-mail scams"), ("20mph zones in St. John's", "20mph \"St John's\""),
      ("How long do children wait for assessments, asks granddaughter", "children wait assessments"),
      ("the older zones", "older zones"),
    ] {
      #expect(try await suggestion(words, chain) == query, "\(words)")
    }
  }

  /// As many meetings as make an archive that has most words.
  private func fill(_ chain: Chain) async throws {
    let now = chain.clock.now.milliseconds
    try await chain.services.store.write { database in
      let council = try Council.require("w", database)
      let committee = try Committee.upsert(try Slug(segment: "c"), name: "C", of: council.id, database)
      for number in 1...520 {
        try database.execute(
          sql: """
            INSERT INTO meeting (id, council_id, committee_id, slug, starts_at, status, has_summary, is_mailed,
              created_at, updated_at) VALUES (?, ?, ?, ?, ?, 'held', 1, 1, 0, 0)
            """,
          arguments: [number, council.id, committee, "m\(number)", now - Int64(number) * 60_000]
        )
        let summary = number % 2 == 0 ? "Older zones." : "Children wait for assessments. Zones."
        let text = MeetingText(
          MeetingContent(
            committee: "C",
            startsAt: "2026-11-24T09:00:00Z",
            status: .held,
            summary: summary,
            attendees: [],
            documents: []
          ),
          council: "w"
        )
        try text.put(for: Int64(number), database)
      }
    }
  }
}
