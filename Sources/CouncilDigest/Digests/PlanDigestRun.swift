import Foundation
import GRDB
import ServiceLifecycle

/// Turns a run into editions and queued letters, in slices: between two of them sign-ups are written. A crash in the
/// middle is met by planning again, which finds each letter already there.
struct PlanDigestRun: Sendable {
  let store: Store
  let mailsQuietWeeks: Bool
  let needsApproval: Bool

  private static let sliceSize = 200

  func plan(_ run: DigestRun) async throws {
    let plan = try await store.read { [mailsQuietWeeks] database in
      try EditionPlan.load(week: run.week, end: run.to, mailsQuietWeeks: mailsQuietWeeks, database)
    }
    var last: Int64? = 0
    while let after = last {
      // A service that is stopping does not wait for a million letters: its next start goes on.
      guard !Task.isShuttingDownGracefully else { throw CancellationError() }
      last = try await store.write { database in
        guard try DigestRun.find(run.id, database)?.state == .planning else { return nil }
        return try planSlice(run, plan, after: after, database)
      }
    }
    try await finish(run)
  }

  private func planSlice(_ run: DigestRun, _ plan: EditionPlan, after id: Int64, _ database: Database) throws -> Int64?
  {
    let (entries, last) = try Readership.slice(
      after: id,
      week: run.week,
      end: run.to,
      limit: Self.sliceSize,
      database
    )
    for entry in entries {
      guard let content = plan.content(for: entry.reader) else { continue }
      try queueLetter(to: entry, edition: try edition(of: run, content, database), run, database)
    }
    return last
  }

  private func edition(of run: DigestRun, _ content: EditionContent, _ database: Database) throws -> Int64 {
    let encoded = try content.encoded()
    let key = EditionContent.key(of: encoded)
    if let id = try Int64.fetchOne(
      database,
      sql: "SELECT id FROM edition WHERE run_id = ? AND key = ?",
      arguments: [run.id, key]
    ) {
      return id
    }
    try database.execute(
      sql: "INSERT INTO edition (run_id, key, address, content) VALUES (?, ?, ?, ?)",
      arguments: [run.id, key, Base32.encode(.random(16)), String(decoding: encoded, as: UTF8.self)]
    )
    let id = database.lastInsertedRowID
    for item in content.sections.flatMap(\.items) {
      try database.execute(
        sql: "INSERT INTO edition_item (edition_id, revision_id) VALUES (?, ?)",
        arguments: [id, item.revision]
      )
    }
    return id
  }

  private func queueLetter(
    to entry: Readership.Entry,
    edition: Int64,
    _ run: DigestRun,
    _ database: Database
  ) throws {
    let now = store.now()
    // What waits of an earlier run is carried by this letter, whose window is still open to there.
    try database.execute(
      sql: """
        UPDATE outgoing_mail SET state = 'cancelled', finished_at = :now
        WHERE subscriber_id = :subscriber AND kind = 'digest' AND state = 'queued' AND run_id <> :run
        """,
      arguments: ["now": now.milliseconds, "subscriber": entry.subscriber, "run": run.id]
    )
    try database.execute(
      sql: """
        INSERT INTO outgoing_mail
          (kind, recipient, subscriber_id, run_id, edition_id, date, key_id, is_urgent, state, next_attempt_at,
           expires_at)
        VALUES ('digest', :recipient, :subscriber, :run, :edition, :date, :key, 0, 'queued', :now, :expires)
        ON CONFLICT DO NOTHING
        """,
      arguments: [
        "recipient": entry.email, "subscriber": entry.subscriber, "run": run.id, "edition": edition,
        "date": now.milliseconds, "key": store.keys.current, "now": now.milliseconds,
        "expires": now.milliseconds + OutgoingMail.Kind.digest.usefulFor.milliseconds,
      ]
    )
  }

  private func finish(_ run: DigestRun) async throws {
    let now = store.now()
    let state: DigestRun.State = needsApproval ? .awaitingApproval : .sending
    try await store.write { database in
      try database.execute(
        sql: "UPDATE digest_run SET state = ?, planned_at = ? WHERE id = ? AND state = 'planning'",
        arguments: [state.rawValue, now.milliseconds, run.id]
      )
      try DigestRun.finishIfDone(run.id, now: now, database)
    }
  }
}
