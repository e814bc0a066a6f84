import Foundation
import TestSupport
import Testing

@testable import CouncilDigest

/// Words that come after a meeting was announced, with a correction or a transcript, and who may hear of them.
@Suite struct LateMatchTests {
  /// Up to the next Saturday: who was sent which meetings.
  private func week(_ chain: Chain) async throws -> [String: [String]] {
    chain.clock.move(by: 7 * 86_400)
    return try await chain.work().filter { !$0.value.isEmpty }
  }

  @Test func `a correction that adds a match is news once, for those who had not had the meeting`() async throws {
    let chain = try await Chain("2026-10-24T12:00:00Z")
    try await chain.putTopic("trams", "tram")
    try await chain.subscribe("topic@example.org", to: "topic:trams")
    try await chain.subscribe("query@example.org", to: "query:tram")
    try await chain.subscribe("both@example.org", to: "council:w", "topic:trams", "query:tram")
    try await chain.publish("m1", summary: "Buses.")
    #expect(try await week(chain) == ["both@example.org": ["m1"]])
    try await chain.publish("m1", daysAgo: 8, summary: "Buses and trams.")
    #expect(try await week(chain) == ["topic@example.org": ["m1"], "query@example.org": ["m1"]])
    try await chain.publish("m1", daysAgo: 15, summary: "Buses and trams, still.")
    #expect(try await week(chain) == [:])
  }

  @Test func `a meeting that matched before and is corrected is no news`() async throws {
    let chain = try await Chain("2026-10-24T12:00:00Z")
    try await chain.putTopic("trams", "tram")
    try await chain.subscribe("a@example.org", to: "topic:trams", "query:bus")
    try await chain.publish("m1", summary: "Buses.")
    #expect(try await week(chain) == ["a@example.org": ["m1"]])
    try await chain.publish("m1", daysAgo: 8, summary: "Buses and trams.")
    #expect(try await week(chain) == [:], "it was sent for the query, and is not sent again for the topic")
  }

  @Test func `old meetings that are put again with other words flood nobody`() async throws {
    let chain = try await Chain("2026-10-24T12:00:00Z")
    try await chain.putTopic("trams", "tram")
    try await chain.publish("m1", summary: "Buses.")
    for _ in 0..<8 { _ = try await week(chain) }
    try await chain.subscribe("a@example.org", to: "topic:trams", "query:tram")
    try await chain.publish("m1", daysAgo: 57, summary: "Buses and trams.")
    #expect(try await week(chain) == [:])
  }

  @Test func `a transcript's words reach professional readers only, and once`() async throws {
    let chain = try await Chain("2026-10-24T12:00:00Z")
    try await chain.putTopic("trams", "tram")
    for name in ["pro", "other"] {
      try await chain.subscribe("\(name)@example.org", to: "topic:trams", "query:wombat")
    }
    try await chain.makeProfessional("pro@example.org")
    try await chain.publish("m1", summary: "Buses.", transcript: "A tram, somebody said.")
    try await chain.publish("m2", summary: "Roads.")
    #expect(try await week(chain) == ["pro@example.org": ["m1"]])
    try await chain.publish("m2", daysAgo: 8, summary: "Roads.", transcript: "The wombat crossed.")
    #expect(try await week(chain) == ["pro@example.org": ["m2"]])
    try await chain.publish("m2", daysAgo: 15, summary: "Roads.", transcript: "The wombat crossed again.")
    #expect(try await week(chain) == [:])
    try await chain.publish("m2", daysAgo: 22, summary: "A wombat.", transcript: "The wombat crossed again.")
    #expect(try await week(chain) == ["other@example.org": ["m2"]], "the professional reader had it")
  }

  @Test func `a topic's transcript match that enters the summary is news to the others alone`() async throws {
    let chain = try await Chain("2026-10-24T12:00:00Z")
    try await chain.putTopic("trams", "tram")
    try await chain.subscribe("pro@example.org", to: "topic:trams")
    try await chain.subscribe("other@example.org", to: "topic:trams")
    try await chain.makeProfessional("pro@example.org")
    try await chain.publish("m1", summary: "Buses.", transcript: "A tram, somebody said.")
    #expect(try await week(chain) == ["pro@example.org": ["m1"]])
    try await chain.publish("m1", daysAgo: 8, summary: "Trams.", transcript: "A tram, somebody said.")
    #expect(try await week(chain) == ["other@example.org": ["m1"]])
    try await chain.publish("m1", daysAgo: 15, summary: "Buses.", transcript: "A tram, somebody said.")
    #expect(try await week(chain) == [:])
  }

  @Test func `what came late is news although the topic's query is changed after it`() async throws {
    let chain = try await Chain("2026-10-24T12:00:00Z")
    try await chain.putTopic("trams", "tram")
    for name in ["pro", "other"] { try await chain.subscribe("\(name)@example.org", to: "topic:trams") }
    try await chain.makeProfessional("pro@example.org")
    try await chain.publish("m1", summary: "Buses.")
    try await chain.publish("m2", summary: "Roads.")
    #expect(try await week(chain) == [:])
    try await chain.publish("m1", daysAgo: 8, summary: "Trams.")
    try await chain.publish("m2", daysAgo: 8, summary: "Roads.", transcript: "A tram, somebody said.")
    try await chain.putTopic("trams", "tram OR monorail")
    #expect(try await week(chain) == ["pro@example.org": ["m2", "m1"], "other@example.org": ["m1"]])
  }

  @Test func `a letter with a transcript's words says so, and its page does not have them`() async throws {
    let chain = try await Chain("2026-10-24T12:00:00Z")
    try await chain.putTopic("trams", "tram")
    try await chain.subscribe("pro@example.org", to: "topic:trams")
    try await chain.makeProfessional("pro@example.org")
    try await chain.publish("m1", summary: "Buses.", transcript: "A tram, somebody said.")
    chain.clock.move(by: 7 * 86_400)
    var text = ""
    _ = try await chain.work(reading: { text = $1 })
    #expect(text.contains("Its transcript speaks of trams: “A *tram*, somebody said.”"))
    let page = try #require(text.firstMatch(of: /\/digests\/\w+/)).output
    let response = await chain.services.application.respond(
      to: .init(method: .get, path: String(page), peer: .unixSocket)
    )
    let html = String(decoding: response.body, as: UTF8.self)
    #expect(response.status.code == 200 && !html.contains("somebody said"))
  }
}
