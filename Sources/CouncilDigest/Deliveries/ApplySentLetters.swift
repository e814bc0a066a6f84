import Foundation
import GRDB

/// Brings letters that were taken into their rows, moves their readers' windows and counts what was sent.
struct ApplySentLetters: Sendable {
  let allowance: DigestAllowance
  let canary: Canary.Plan

  /// Of the journal's entries that are not in the rows yet.
  static func generation(_ database: Database) throws -> Int64 {
    try Int64.fetchOne(database, sql: "SELECT generation FROM sent_journal") ?? 0
  }

  /// SQLite would begin with the larger table, so the letters stand first in a CROSS JOIN, or in a list.
  /// - Parameter generation: of what is journalled meanwhile and from now on.
  /// - Returns: how many of each run.
  func callAsFunction(
    _ entries: [SentJournal.Entry],
    generation: Int64,
    now: Date,
    _ database: Database
  ) throws -> [Int64: Int] {
    let lines = entries.map { "[\($0.letter),\($0.sentAt.milliseconds)]" }.joined(separator: ",")
    try database.execute(
      cached: """
        INSERT INTO sent_letter (outgoing_mail_id, sent_at)
        SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true ON CONFLICT DO NOTHING
        """,
      arguments: ["[\(lines)]"]
    )
    // What was sent was sent, also when somebody cancelled it on its way.
    let letters = try Row.fetchAll(
      database,
      cached: """
        UPDATE outgoing_mail SET state = 'sent', reply_code = NULL, reply_status = NULL, diagnostic = NULL,
          finished_at = (SELECT sent_at FROM sent_letter WHERE outgoing_mail_id = outgoing_mail.id)
        WHERE id IN (SELECT outgoing_mail_id FROM sent_letter) RETURNING run_id
        """
    )
    let runs = Dictionary(letters.compactMap { ($0[0] as Int64?).map { ($0, 1) } }) { $0 + $1 }
    try moveWindows(database)
    try count(runs, entries, now: now, database)
    try database.execute(cached: "DELETE FROM sent_letter")
    try database.execute(cached: "UPDATE sent_journal SET generation = ?", arguments: [generation])
    return runs
  }

  /// A reader's next digest starts where this one ended. Only a letter that was sent moves it, and none that begins later
  /// than what they are owed.
  private func moveWindows(_ database: Database) throws {
    try database.execute(
      cached: """
        UPDATE subscriber SET window_start = max(window_start, sent.window_to)
        FROM (
          SELECT outgoing_mail.subscriber_id, max(digest_run.window_to) AS window_to,
            max(coalesce(outgoing_mail.window_from, 0)) AS window_from
          FROM sent_letter CROSS JOIN outgoing_mail ON outgoing_mail.id = sent_letter.outgoing_mail_id
          JOIN digest_run ON digest_run.id = outgoing_mail.run_id GROUP BY outgoing_mail.subscriber_id
        ) AS sent
        WHERE subscriber.id = sent.subscriber_id AND subscriber.state = 'active'
          AND sent.window_from <= subscriber.window_start
        """
    )
  }

  private func count(
    _ runs: [Int64: Int],
    _ entries: [SentJournal.Entry],
    now: Date,
    _ database: Database
  ) throws {
    for (run, count) in runs {
      try database.execute(cached: "UPDATE digest_run SET taken = taken + ? WHERE id = ?", arguments: [count, run])
      try canary.count(count, of: run, now: now, database)
      try DigestRun.finishIfDone(run, now: now, database)
    }
    for (day, count) in count(byDay: entries.map(\.sentAt)) { try DigestAllowance.count(count, on: day, database) }
  }

  /// Nearly always they are all of one day.
  private func count(byDay instants: [Date]) -> [String: Int] {
    guard let first = instants.min(), let last = instants.max() else { return [:] }
    let day = allowance.day(of: first)
    if allowance.day(of: last) == day { return [day: instants.count] }
    return instants.reduce(into: [:]) { $0[allowance.day(of: $1), default: 0] += 1 }
  }
}
