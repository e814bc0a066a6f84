import GRDB
import TestSupport
import Testing

@testable import CouncilDigest

/// Stores from before the states of letters were compared by name.
@Suite struct LetterMigrationTests {
  private static let letters = "SELECT * FROM outgoing_mail ORDER BY id"

  /// In each column something of its own, so that none can change places.
  private static let rows = """
    INSERT INTO subscriber (id, email, email_key, state, window_start, created_at) VALUES (31, 'a@b.example', 'a@b.example', 'active', 5, 1);
    INSERT INTO digest_run (id, week, state, window_from, window_to, started_at, planned_at, taken, letters)
      VALUES (41, '2026-W47', 'sent', 1, 2, 3, 4, 1, 4);
    INSERT INTO edition (id, run_id, key, address, content) VALUES (51, 41, x'00', 'e', '{}');
    INSERT INTO letter_body (id, subject, text, html) VALUES (61, 's', x'00', x'00');
    INSERT INTO outgoing_mail (id, kind, recipient, subscriber_id, run_id, edition_id, letter_body_id, reference_id,
      window_from, date, key_id, is_urgent, state, attempts, unread_replies, next_attempt_at, expires_at, reply_code,
      reply_status, diagnostic, finished_at, joined_from)
    SELECT 11, 'digest', 'a@b.example', 31, 41, 51, 61, 71, 81, 91, max(key.id), 0, 'failed', 2, 3, 101, 111, 550, '5.1.1',
      'no such user', 121, 131 FROM key;
    INSERT INTO outgoing_mail (id, kind, recipient, run_id, window_from, date, key_id, is_urgent, state, next_attempt_at, expires_at)
    SELECT 12 + number, 'digest', 'r', 41, 1, 1, key.id, 0, state, 1, 2
    FROM key, (SELECT 0 AS number, 'queued' AS state UNION SELECT 1, 'sent' UNION SELECT 2, 'uncertain' UNION SELECT 3, 'cancelled');
    INSERT INTO bounce (id, outgoing_mail_id, subscriber_id, kind, diagnostic, evidence, received_at)
      VALUES (1, 11, 31, 'hard', 'd', 'reply', 1);
    """

  @Test func `every letter comes over with all that it has, and its bounce with it`() async throws {
    let folder = try TemporaryFolder()
    let before = try { () throws -> [Row] in
      let store = try Store.older(before: "0013", in: folder)
      return try store.writeBlocking { database in
        try database.execute(sql: Self.rows)
        return try Row.fetchAll(database, sql: Self.letters)
      }
    }()
    let store = try Store(path: folder.file("s.sqlite"), migrations: Machine.root.appending(path: "migrations").path)
    let (after, bounced, run, faults) = try store.readBlocking { database in
      (
        try Row.fetchAll(database, sql: Self.letters),
        try Int.fetchOne(database, sql: "SELECT outgoing_mail_id FROM bounce"),
        try DigestRun.find(41, database)?.counts(database), try Row.fetchAll(database, sql: "PRAGMA foreign_key_check")
      )
    }
    // By name: rows are equal with their columns in the same order.
    #expect(after == before && after.count == 5 && after.first?.columnNames.count == 22)
    #expect(bounced == 11 && faults.isEmpty)
    #expect(run?.failed == 1 && run?.uncertain == 1 && run?.cancelled == 1 && run?.sent == 1)
    await #expect(throws: DatabaseError.self, "a state that there is not") {
      try await store.write { try $0.execute(sql: "UPDATE outgoing_mail SET state = 'sending'") }
    }
  }
}
