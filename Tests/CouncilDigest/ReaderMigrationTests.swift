import Foundation
import GRDB
import Mail
import TestSupport
import Testing

@testable import CouncilDigest

/// Stores from before readers had ids for good.
@Suite struct ReaderMigrationTests {
  /// A store as version 7 left it, with everything that hangs on a reader.
  private func older(_ folder: TemporaryFolder) throws {
    let store = try Store.older(before: "0008", in: folder)
    try store.writeBlocking { database in
      try database.execute(
        sql: """
          INSERT INTO council (id, slug, name, created_at, updated_at) VALUES (1, 'w', 'W', 1, 1);
          INSERT INTO subscriber (id, email, email_key, state, density, window_start, created_at, confirmed_at, paused_until,
            professional_until) VALUES (7, 'Ann@b.example', 'ann@b.example', 'active', 'full', 5, 1, 2, 99, 1234);
          INSERT INTO subscriber (id, email, email_key, state, created_at) VALUES (9, 'x@b.example', 'x@b.example', 'pending', 1);
          INSERT INTO consent (id, subscriber_id, scope, source, form_version, requested_at, confirmed_at)
            VALUES (3, 7, 'W', 'web form', '2026-11', 1, 2), (4, 9, 'W', 'json', '2026-11', 1, NULL);
          INSERT INTO subscription (id, subscriber_id, consent_id, target, council_id, state, started_at)
            VALUES (5, 7, 3, 'council:1', 1, 'active', 2), (6, 9, 4, 'council:1', 1, 'pending', NULL);
          INSERT INTO topic_request (id, email, request, state, created_at, reply) VALUES (2, 'a@b.example', 'bins', 'open', 1, 'r');
          INSERT INTO topic_request_council (topic_request_id, council_id) VALUES (2, 1);
          INSERT INTO outgoing_mail (id, kind, recipient, subscriber_id, date, key_id, is_urgent, state, next_attempt_at,
            expires_at) VALUES (8, 'confirmation', 'Ann@b.example', 7, 1, 1, 1, 'sent', 0, 9);
          INSERT INTO bounce (id, outgoing_mail_id, subscriber_id, kind, diagnostic, evidence, received_at)
            VALUES (1, 8, 7, 'soft', 'd', 'reply', 1);
          """
      )
    }
  }

  @Test func `readers, consents and requests come over with all that hangs on them`() async throws {
    let folder = try TemporaryFolder()
    try older(folder)
    let store = try Store(path: folder.file("s.sqlite"), migrations: Machine.root.appending(path: "migrations").path)
    let (ann, counts, orphans) = try await store.read { database in
      let tables = [
        "subscriber", "consent", "subscription", "topic_request", "topic_request_council", "outgoing_mail", "bounce",
      ]
      return (
        try Subscriber.find(id: 7, database),
        try tables.map { try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)") ?? 0 },
        try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").count
      )
    }
    #expect(counts == [2, 2, 2, 1, 1, 1, 1] && orphans == 0)
    #expect(ann?.email == "Ann@b.example" && ann?.density == .full && ann?.state == .active)
    #expect(ann?.windowStart == Date(milliseconds: 5) && ann?.pausedUntil == Date(milliseconds: 99))
    #expect(ann?.professionalUntil == Date(milliseconds: 1_234) && ann?.confirmedAt == Date(milliseconds: 2))
    // Old consents can still be confirmed, and erasing takes what hangs on somebody.
    let now = store.now()
    try await store.write { [keys = store.keys] database in
      #expect(try ConfirmSubscription.confirm(4, now: now, database) == .confirmed)
      for id: Int64 in [7, 9] {
        guard let subscriber = try Subscriber.find(id: id, database) else { continue }
        try EraseSubscriber.erase(subscriber, keys, now: now, database)
      }
    }
    let left = try await store.read { database in
      try ["subscriber", "consent", "subscription", "bounce"].map {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)") ?? -1
      }
    }
    #expect(left == [0, 0, 0, 0])
    // Nobody gets an id that mailed links name.
    let next = try await store.write { database in
      try Subscriber.findOrInsert(try EmailAddress(parsing: "new@b.example"), now: now, database).id
    }
    #expect(next == 10)
  }
}
