import Foundation
import GRDB
import TestSupport
import Testing

@testable import CouncilDigest

/// Stores of every earlier version, with data, brought up to date one version at a time.
@Suite struct MigrationTests {
  private static let shipped = Machine.root.appending(path: "migrations")

  private static func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: shipped.path).filter { $0.hasSuffix(".sql") }.sorted()
  }

  private func add(_ name: String, to folder: TemporaryFolder) throws {
    let file = folder.url.appending(path: "migrations/\(name)")
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: Self.shipped.appending(path: name), to: file)
  }

  /// One row in each table of the first version.
  private static let data = """
    INSERT INTO council (id, slug, name, created_at, updated_at) VALUES (1, 'w', 'Wychford', 1, 1);
    INSERT INTO committee (id, council_id, slug, name) VALUES (1, 1, 'cabinet', 'Cabinet');
    INSERT INTO meeting (id, council_id, committee_id, slug, starts_at, status, has_summary, published_at, announced_at,
      is_mailed, revision_id, created_at, updated_at) VALUES (1, 1, 1, 'm', 1, 'held', 1, 1, 1, 1, 1, 1, 1);
    INSERT INTO meeting_revision (id, meeting_id, number, content, correction, created_at) VALUES (1, 1, 1,
      '{"attendees":[],"committee":"Cabinet","documents":[],"startsAt":"2026-11-20T10:00:00Z","status":"held","summary":"Roads."}',
      'c', 1);
    INSERT INTO transcript (meeting_id, text) VALUES (1, 'words');
    INSERT INTO subscriber (id, email, email_key, state, window_start, created_at, confirmed_at)
      VALUES (1, 'Ann@example.org', 'ann@example.org', 'active', 1, 1, 1);
    INSERT INTO consent (id, subscriber_id, scope, source, form_version, requested_at, confirmed_at)
      VALUES (1, 1, 'Wychford', 'web form', '1', 1, 1);
    INSERT INTO subscription (id, subscriber_id, consent_id, target, council_id, state, started_at)
      VALUES (1, 1, 1, 'council:1', 1, 'active', 1);
    INSERT INTO topic_request (id, email, request, state, created_at, confirmed_at) VALUES (1, 'a@b.example', 'r', 'open', 1, 1);
    INSERT INTO topic_request_council VALUES (1, 1);
    INSERT INTO feedback (id, kind, message, email, meeting_id, state, created_at)
      VALUES (1, 'comment', 'm', 'a@b.example', 1, 'open', 1);
    INSERT INTO api_key (id, name, role, hash, created_at) VALUES (1, 'k', 'operator', x'00', 1);
    INSERT INTO digest_run (id, week, state, window_from, window_to, started_at, planned_at, finished_at)
      VALUES (1, '2026-W47', 'sent', 0, 1, 1, 1, 1);
    INSERT INTO letter_body (id, subject, text, html) VALUES (1, 's', x'00', x'00');
    INSERT INTO edition (id, run_id, key, address, content) VALUES (1, 1, x'00', 'e', '{}');
    INSERT INTO outgoing_mail (id, kind, recipient, subscriber_id, run_id, edition_id, date, key_id, is_urgent, state,
      next_attempt_at, expires_at, finished_at) SELECT 1, 'digest', 'ann@example.org', 1, 1, 1, 1, max(id), 0, 'sent', 1, 2, 1 FROM key;
    """

  private static let tables = [
    "council", "committee", "meeting", "meeting_revision", "transcript", "subscriber", "consent", "subscription",
    "topic_request", "topic_request_council", "feedback", "api_key", "digest_run", "letter_body", "edition",
    "outgoing_mail", "key", "installation",
  ]

  @Test func `each version brings the store of the one before up to date and loses nothing`() async throws {
    let folder = try TemporaryFolder()
    let names = try Self.names()
    let path = folder.file("s.sqlite")
    for (number, name) in names.enumerated() {
      try add(name, to: folder)
      // As the program does it: the connection knows our tokenizer.
      let pool = try DatabasePool(path: path, configuration: Store.fileConfiguration)
      try Migrations(folder: folder.file("migrations")).apply(to: pool, path: path)
      try await pool.write { database in
        if number == 0 {
          try database.execute(
            sql:
              "INSERT INTO key (secret, created_at) VALUES (x'00', 1); INSERT INTO installation (id, started_at) VALUES (1, 1)"
          )
          try database.execute(sql: Self.data)
        }
        for table in Self.tables {
          #expect(try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") == 1, "\(table) after \(name)")
        }
        #expect(try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").isEmpty, "\(name)")
        #expect(try String.fetchAll(database, sql: "PRAGMA integrity_check") == ["ok"], "\(name)")
      }
      try pool.close()
    }
    let chain = try await Chain("2026-11-21T08:00:00Z", ["store.path": path])
    let meetings = try await chain.services.store.read { try Meeting.list(council: 1, after: "", limit: 9, $0) }
    #expect(meetings.map(\.slug) == ["m"] && meetings.first?.content.summary == "Roads.")
    let targets = try await chain.services.store.read { try FollowTarget.fetch(subscriber: 1, $0) }
    #expect(targets.map(\.reference) == ["council:w"])
  }

  @Test func `a migration that was edited after it was applied is refused with its name`() throws {
    let folder = try TemporaryFolder()
    for name in try Self.names() { try add(name, to: folder) }
    let path = folder.file("s.sqlite")
    do { _ = try Store(path: path, migrations: folder.file("migrations")) }
    do { _ = try Store(path: path, migrations: folder.file("migrations")) }
    let edited = folder.url.appending(path: "migrations/0003_topics.sql")
    try (String(contentsOf: edited, encoding: .utf8) + "\n-- a word\n").write(
      to: edited,
      atomically: true,
      encoding: .utf8
    )
    #expect(throws: StoreProblem.changedMigration(path: path, migration: "0003_topics")) {
      try Store(path: path, migrations: folder.file("migrations"))
    }
  }
}
