import Foundation
import GRDB
import Testing

@testable import CouncilDigest

/// What the relay took, on its way into the rows: in one batch, whatever it is a mixture of.
@Suite struct ApplySentLettersTests {
  private static let noon = Date(timeIntervalSince1970: 1_795_000_000)

  private let apply = ApplySentLetters(
    allowance: DigestAllowance(window: nil, perDay: 0, warmUp: nil, timeZone: .gmt),
    canary: Canary.Plan(letters: 0, wait: 0)
  )

  private let chain: Chain

  init() async throws {
    chain = try await Chain("2026-11-23T12:00:00Z")
  }

  /// Two readers and two runs: a reader's letters by their number, run and window.
  private func store(_ letters: [(id: Int64, reader: Int64, run: Int64, from: Int64)]) throws -> Store {
    let store = chain.services.store
    try store.writeBlocking { database in
      try database.execute(
        sql: """
          INSERT INTO digest_run (id, week, state, window_from, window_to, started_at, planned_at, letters)
          VALUES (1, '2026-W47', 'sending', 100, 200, 1, 1, 2), (2, '2026-W48', 'sending', 200, 300, 1, 1, 2);
          INSERT INTO subscriber (id, email, email_key, state, window_start, created_at, confirmed_at)
          VALUES (1, 'ann@example.org', 'ann@example.org', 'active', 100, 1, 1),
            (2, 'bob@example.org', 'bob@example.org', 'active', 200, 1, 1),
            (3, 'cat@example.org', 'cat@example.org', 'unsubscribed', 100, 1, 1)
          """
      )
      for letter in letters {
        try database.execute(
          sql: """
            INSERT INTO outgoing_mail (id, kind, recipient, subscriber_id, run_id, window_from, joined_from, date, key_id,
              is_urgent, state, next_attempt_at, expires_at)
            SELECT :id, 'digest', email, :reader, :run, :from, :id, 1, (SELECT max(id) FROM key), 0, 'queued', 0, 9
            FROM subscriber WHERE id = :reader
            """,
          arguments: ["id": letter.id, "reader": letter.reader, "run": letter.run, "from": letter.from]
        )
      }
    }
    return store
  }

  /// Each a second after noon for its number.
  private func take(_ letters: [Int64], _ store: Store) throws -> [Int64: Int] {
    let entries = letters.map { SentJournal.Entry(letter: $0, sentAt: Self.noon.addingTimeInterval(Double($0))) }
    return try store.writeBlocking { try apply(entries, generation: 7, now: Self.noon, $0) }
  }

  private func windows(_ store: Store) async throws -> [Int64] {
    try await store.read { try Int64.fetchAll($0, sql: "SELECT window_start FROM subscriber ORDER BY id") }
  }

  @Test func `letters of two runs move each reader as far as theirs reach`() async throws {
    let store = try store([(1, 1, 1, 100), (2, 1, 2, 200), (3, 2, 1, 100)])
    #expect(try take([2, 1, 3], store) == [1: 2, 2: 1])
    #expect(try await windows(store) == [300, 200, 100])
    let runs = try await store.read { database in
      try Row.fetchAll(database, sql: "SELECT taken, state FROM digest_run ORDER BY id").map {
        "\($0[0] as Int) \($0[1] as String)"
      }
    }
    #expect(runs == ["2 sent", "1 sent"])
    let rows = try await store.read { database in
      try Row.fetchAll(database, sql: "SELECT id, state, finished_at FROM outgoing_mail ORDER BY id").map {
        "\($0[0] as Int) \($0[1] as String) \(($0[2] as Int64) - Self.noon.milliseconds)"
      }
    }
    #expect(rows == ["1 sent 1000", "2 sent 2000", "3 sent 3000"])
    #expect(try await store.read { try ApplySentLetters.generation($0) } == 7)
  }

  @Test func `a letter that begins later than what its reader is owed moves nothing`() async throws {
    let store = try store([(1, 1, 2, 150), (2, 2, 2, 200)])
    _ = try take([1, 2], store)
    #expect(try await windows(store) == [100, 300, 100])
  }

  @Test func `of two letters of one run the one that begins where the reader is moves them`() async throws {
    let store = try store([(1, 1, 1, 150), (2, 1, 1, 100)])
    _ = try take([1, 2], store)
    #expect(try await windows(store) == [200, 200, 100])
  }

  @Test func `who left meanwhile is not moved`() async throws {
    let store = try store([(1, 3, 1, 100)])
    #expect(try take([1], store) == [1: 1])
    #expect(try await windows(store) == [100, 200, 100])
  }

  @Test func `what was sent was sent, also when it was cancelled or refused on its way`() async throws {
    let store = try store([(1, 1, 1, 100)])
    try store.writeBlocking { database in
      try database.execute(
        sql:
          "UPDATE outgoing_mail SET state = 'cancelled', reply_code = 451, reply_status = '4.3.0', diagnostic = 'later'"
      )
    }
    _ = try take([1], store)
    let row = try store.readBlocking { database in
      try Row.fetchOne(database, sql: "SELECT state, reply_code, reply_status, diagnostic FROM outgoing_mail")
    }
    #expect(row == ["state": "sent", "reply_code": nil, "reply_status": nil, "diagnostic": nil])
  }

  @Test func `of its run a letter that is named twice counts once, and one that is gone not at all`() async throws {
    let store = try store([(1, 1, 1, 100)])
    #expect(try take([1, 1, 99], store) == [1: 1])
    #expect(try take([], store) == [:])
  }
}
