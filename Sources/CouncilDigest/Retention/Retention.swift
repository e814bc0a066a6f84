import Foundation
import GRDB

/// How long personal data is kept. What to forget is found by reading, and forgotten in slices, so that no sign-up waits.
struct Retention: Sendable {
  let store: Store

  private static let day: TimeInterval = 86_400
  /// As long as the link of a sign-up works.
  static let unconfirmed = 7 * day
  /// What a letter said to one person, and to which address.
  static let letterContent = 7 * day
  /// Who was sent which letter; after that only how many.
  static let letters = 90 * day

  private static let idsAtOnce = 100_000
  private static let slice = 500

  /// - Returns: how much of what was forgotten.
  func callAsFunction() async throws -> [String: Int] {
    let now = store.now()
    var forgotten: [String: Int] = [:]
    forgotten["sign-ups"] = try await forgetSignUps(before: now - Self.unconfirmed)
    forgotten["topic-requests"] = try await forget(
      "SELECT id FROM topic_request WHERE state = 'unconfirmed' AND created_at <= :limit",
      before: now - Self.unconfirmed,
      [
        "DELETE FROM topic_request WHERE state = 'unconfirmed' AND id IN (SELECT value FROM json_each(:ids))"
      ]
    )
    forgotten["letter-contents"] = try await forgetContents(before: now - Self.letterContent)
    forgotten["digests"] = try await forgetDigests(before: now - Self.letters)
    forgotten["editions"] = try await forgetEditions(before: now - Self.letters)
    forgotten["letters"] = try await forget(
      // The newest stays, so that its number is not given again.
      """
      SELECT id FROM outgoing_mail WHERE is_urgent = 1 AND date <= :limit AND state <> 'queued'
        AND id < (SELECT max(id) FROM outgoing_mail)
      """,
      before: now - Self.letters,
      ["DELETE FROM outgoing_mail WHERE id IN (SELECT value FROM json_each(:ids))"]
    )
    forgotten["bounces"] = try await forget(
      "SELECT id FROM bounce WHERE received_at <= :limit AND diagnostic <> ''",
      before: now - Self.letters,
      ["UPDATE bounce SET diagnostic = '' WHERE id IN (SELECT value FROM json_each(:ids))"]
    )
    try await forgetPassing(now: now)
    forgotten["letter-bodies"] = try await forgetBodies()
    try await store.emptyLog()
    return forgotten.filter { $0.value > 0 }
  }

  /// - Parameters:
  ///   - find: the ids, with the parameter `limit`.
  ///   - statements: run for each slice of `ids`, a JSON array.
  private func forget(_ find: String, before limit: Date, _ statements: [String]) async throws -> Int {
    var count = 0
    while true {
      let ids = try await store.read { database in
        try Int64.fetchAll(
          database,
          sql: "\(find) LIMIT \(Self.idsAtOnce)",
          arguments: ["limit": limit.milliseconds]
        )
      }
      guard !ids.isEmpty else { return count }
      for start in stride(from: 0, to: ids.count, by: Self.slice) {
        let some = JSONNumbers.array(ids[start..<min(start + Self.slice, ids.count)])
        try await store.write { database in
          for sql in statements { try database.execute(sql: sql, arguments: ["ids": some]) }
        }
      }
      count += ids.count
    }
  }

  /// Sign-ups that nobody confirmed, and addresses of which nothing else is known.
  private func forgetSignUps(before limit: Date) async throws -> Int {
    let signUps = try await forget(
      "SELECT id FROM consent WHERE confirmed_at IS NULL AND requested_at <= :limit",
      before: limit,
      ["DELETE FROM consent WHERE confirmed_at IS NULL AND id IN (SELECT value FROM json_each(:ids))"]
    )
    let strangers = """
      SELECT id FROM subscriber WHERE state IN ('pending', 'suppressed') AND confirmed_at IS NULL AND created_at <= :limit
        AND professional_until IS NULL AND NOT EXISTS (SELECT 1 FROM consent WHERE subscriber_id = subscriber.id)
      """
    try await keepSuppressed(strangers, before: limit)
    _ = try await forget(
      strangers,
      before: limit,
      [
        """
        DELETE FROM subscriber WHERE id IN (SELECT value FROM json_each(:ids))
          AND state IN ('pending', 'suppressed') AND confirmed_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM consent WHERE subscriber_id = subscriber.id)
        """
      ]
    )
    return signUps
  }

  /// An address that refused the very letter that asked it.
  private func keepSuppressed(_ strangers: String, before limit: Date) async throws {
    let now = store.now()
    let rows = try await store.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT email_key, suppressed_because FROM subscriber WHERE state = 'suppressed' AND id IN (\(strangers))
          """,
        arguments: ["limit": limit.milliseconds]
      ).map { (address: $0["email_key"] as String, reason: $0["suppressed_because"] as String?) }
    }
    for row in rows {
      try await store.write { [keys = store.keys] database in
        let reason = row.reason ?? "its letters came back"
        try Suppression.keep(row.address, because: reason, now: now, keys, database)
      }
    }
  }

  private func forgetContents(before limit: Date) async throws -> Int {
    try await forget(
      """
      SELECT id FROM outgoing_mail WHERE is_urgent = 1 AND date <= :limit AND state <> 'queued'
        AND (recipient <> '' OR letter_body_id IS NOT NULL)
      """,
      before: limit,
      [
        """
        UPDATE outgoing_mail SET recipient = '', letter_body_id = NULL, reference_id = NULL, diagnostic = NULL
        WHERE id IN (SELECT value FROM json_each(:ids))
        """
      ]
    )
  }

  /// Digests of runs that are long over become numbers of their run. Those that were sent are counted already.
  private func forgetDigests(before limit: Date) async throws -> Int {
    try await forget(
      """
      SELECT outgoing_mail.id FROM digest_run JOIN outgoing_mail ON outgoing_mail.run_id = digest_run.id
      WHERE digest_run.finished_at <= :limit AND outgoing_mail.state <> 'queued'
        AND outgoing_mail.id < (SELECT max(id) FROM outgoing_mail)
      """,
      before: limit,
      ["failed", "uncertain", "cancelled"].map { state in
        """
        UPDATE digest_run SET past_\(state) = past_\(state) + gone.count
        FROM (
          SELECT run_id, count(*) AS count FROM outgoing_mail
          WHERE id IN (SELECT value FROM json_each(:ids)) AND state = '\(state)' GROUP BY run_id
        ) AS gone
        WHERE digest_run.id = gone.run_id
        """
      } + [
        "DELETE FROM outgoing_mail WHERE id IN (SELECT value FROM json_each(:ids))"
      ]
    )
  }

  /// What editions of such runs looked like.
  private func forgetEditions(before limit: Date) async throws -> Int {
    try await forget(
      """
      SELECT edition.id FROM edition INDEXED BY edition_by_body JOIN digest_run ON digest_run.id = edition.run_id
      WHERE edition.letter_body_id IS NOT NULL AND digest_run.finished_at <= :limit
        AND NOT EXISTS (SELECT 1 FROM outgoing_mail WHERE outgoing_mail.run_id = edition.run_id)
      """,
      before: limit,
      ["UPDATE edition SET letter_body_id = NULL WHERE id IN (SELECT value FROM json_each(:ids))"]
    )
  }

  /// What had its time: a few rows each.
  private func forgetPassing(now: Date) async throws {
    let hourAgo = (now - 3_600).milliseconds
    let weekAgo = (now - 7 * Self.day).milliseconds
    try await store.write { database in
      try database.execute(
        literal: """
          DELETE FROM session WHERE expires_at <= \(now.milliseconds);
          DELETE FROM console_session WHERE expires_at <= \(now.milliseconds);
          DELETE FROM sign_in WHERE requested_at <= \(weekAgo);
          DELETE FROM address_change WHERE requested_at <= \(weekAgo);
          DELETE FROM signup_attempt WHERE attempted_at <= \(hourAgo);
          -- A run that is being planned looks for what queries match.
          DELETE FROM topic_query WHERE id < (SELECT max(id) FROM topic_query)
            AND NOT EXISTS (SELECT 1 FROM subscription WHERE topic_query_id = topic_query.id)
            AND NOT EXISTS (SELECT 1 FROM digest_run WHERE state = 'planning');
          """
      )
    }
  }

  private func forgetBodies() async throws -> Int {
    let unused = """
      id < (SELECT max(id) FROM letter_body)
        AND NOT EXISTS (SELECT 1 FROM outgoing_mail WHERE letter_body_id = letter_body.id)
        AND NOT EXISTS (SELECT 1 FROM edition WHERE letter_body_id = letter_body.id)
      """
    return try await forget(
      "SELECT id FROM letter_body WHERE :limit IS NOT NULL AND \(unused)",
      before: store.now(),
      ["DELETE FROM letter_body WHERE id IN (SELECT value FROM json_each(:ids)) AND \(unused)"]
    )
  }
}
