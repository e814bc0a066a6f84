import GRDB
import Testing

@testable import CouncilDigest

/// Millions of letters that left stay in their table for weeks; whoever asks for those that wait must not walk past them.
@Suite struct WaitingIndexTests {
  @Test func `no question about waiting digests walks through those that left`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    await chain.services.scheduler.work()
    let run = try #require(try await chain.runs().first)
    let asked = try chain.services.store.writeBlocking { database in
      var statements: [String] = []
      database.trace(options: .statement) {
        if case .statement(let statement) = $0 { statements.append(statement.expandedSQL) }
      }
      _ = try run.counts(database)
      _ = try Hold.waitingLetters(database)
      try DigestRun.finishIfDone(run.id, now: chain.clock.now, database)
      _ = try ControlDigestRun.cancel.apply(to: run.id, now: chain.clock.now, database)
      database.trace(options: [])
      return try statements.filter { $0.contains("outgoing_mail") }.map { statement in
        let plan = try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN \(statement)").map { $0["detail"] as String }
        return (statement, plan.joined(separator: "; "))
      }
    }
    #expect(asked.count >= 4)
    for (statement, plan) in asked { #expect(!plan.contains("outgoing_mail_once"), "\(statement)") }
  }
}
