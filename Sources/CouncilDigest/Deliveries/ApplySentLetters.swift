import Foundation
import GRDB

/// Brings letters that were taken into their rows, moves their readers' windows and counts what was sent.
struct ApplySentLetters: Sendable {
  let allowance: DigestAllowance
  let canary: Canary.Plan

  private struct Letter {
    var subscriber: Int64?
    var windowStart: Int64
  }

  /// Of the journal's entries that are not in the rows yet.
  static func generation(_ database: Database) throws -> Int64 {
    try Int64.fetchOne(database, sql: "SELECT generation FROM sent_journal") ?? 0
  }

  /// - Parameter generation: of what is journalled meanwhile and from now on.
  /// - Returns: how many of each run.
  func callAsFunction(
    _ entries: [SentJournal.Entry],
    generation: Int64,
    now: Date,
    _ database: Database
  ) throws -> [Int64: Int] {
    let letters = try changeRows(entries, database)
    try moveWindows(letters, database)
    let runs = letters.mapValues(\.count)
    try count(runs, entries, now: now, database)
    try database.execute(cached: "UPDATE sent_journal SET generation = ?", arguments: [generation])
    return runs
  }

  /// What was sent was sent, also when somebody cancelled it on its way.
  /// - Returns: the letters of each run.
  private func changeRows(
    _ entries: [SentJournal.Entry],
    _ database: Database
  ) throws -> [Int64: [Letter]] {
    let statement = try database.cachedStatement(
      sql: """
        UPDATE outgoing_mail SET state = 'sent', reply_code = NULL, reply_status = NULL, diagnostic = NULL,
          finished_at = time_of_letter.value
        FROM json_each(?) AS time_of_letter WHERE outgoing_mail.id = CAST(time_of_letter.key AS INTEGER)
        RETURNING run_id, subscriber_id, coalesce(window_from, 0)
        """
    )
    let times = JSONNumbers.object(entries.map { (key: $0.letter, value: $0.sentAt.milliseconds) })
    let rows = try Row.fetchCursor(statement, arguments: [times])
    var letters: [Int64: [Letter]] = [:]
    while let row = try rows.next() {
      guard let run: Int64 = row[0] else { continue }
      letters[run, default: []].append(Letter(subscriber: row[1], windowStart: row[2]))
    }
    return letters
  }

  /// A reader's next digest starts where this one ended. Only a letter that was sent moves it, and none that begins later
  /// than what they are owed.
  private func moveWindows(_ letters: [Int64: [Letter]], _ database: Database) throws {
    // Where somebody had letters of two runs, the later one may begin where the earlier ended.
    for (run, ofRun) in letters.sorted(by: { $0.key < $1.key }) {
      let starts = ofRun.compactMap { letter in letter.subscriber.map { (key: $0, value: letter.windowStart) } }
      try database.execute(
        cached: """
          UPDATE subscriber SET window_start = max(window_start, digest_run.window_to)
          FROM json_each(:starts) AS start_of_reader JOIN digest_run ON digest_run.id = :run
          WHERE subscriber.id = CAST(start_of_reader.key AS INTEGER) AND start_of_reader.value <= subscriber.window_start
            -- Not looked up in the index: SQLite would begin with everybody.
            AND +subscriber.state = 'active'
          """,
        arguments: ["run": run, "starts": JSONNumbers.object(starts)]
      )
    }
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
