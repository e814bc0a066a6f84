import Foundation
import GRDB
import Synchronization
import Testing

@testable import CouncilDigest

/// Millions of letters that left stay in their table for weeks; whoever asks for those that wait must not walk past them.
@Suite struct WaitingIndexTests {
  @Test func `letters are planned, and written down as taken, by their numbers`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.publish("a")
    let store = chain.services.store
    let traced = Mutex<[String]>([])
    try store.writeBlocking { database in
      database.trace(options: .statement) { event in
        if case .statement(let statement) = event { traced.withLock { $0.append(statement.expandedSQL) } }
      }
    }
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    await chain.services.scheduler.work()
    let job = try #require(try chain.services.queue.take())
    let taken = SentJournal.Entry(letter: job.mail.id, sentAt: chain.clock.now)
    let apply = ApplySentLetters(
      allowance: DigestAllowance(window: nil, perDay: 0, warmUp: nil, timeZone: .gmt),
      canary: .init(letters: 0, wait: 0)
    )
    _ = try store.writeBlocking { try apply([taken], generation: 7, now: chain.clock.now, $0) }
    let plans = try store.writeBlocking { database in
      database.trace(options: [])
      return try Set(
        traced.withLock { $0 }.filter { $0.contains("json_each") }.map { statement in
          try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN \(statement)").map { $0["detail"] as String }
        }
      )
    }
    #expect(plans.count == 3, "the planned letters, those that were taken, and their readers' windows")
    for step in plans.joined() where step.contains("outgoing_mail ") || step.contains("subscriber ") {
      #expect(step.contains("USING INTEGER PRIMARY KEY"))
    }
  }

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
