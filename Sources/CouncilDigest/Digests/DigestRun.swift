import Foundation
import GRDB

/// The send of one ISO week.
struct DigestRun: Equatable, Sendable {
  enum State: String, CaseIterable, Sendable {
    case planning
    case awaitingApproval = "awaiting_approval"
    case sending, paused, sent, cancelled
  }

  /// How many letters are in which state; together they are the recipients.
  struct Counts: Equatable, Sendable {
    var queued = 0
    var sent = 0
    var failed = 0
    var uncertain = 0
    var cancelled = 0
    /// When the last of those that are queued is tried next, while the run is sending and few are left.
    var lastAttemptAt: Date?

    var recipients: Int { queued + sent + failed + uncertain + cancelled }

    /// Until nothing is queued at that pace, or until the last one that was put off is tried again.
    /// - Parameter rate: letters a second; nil when none have left lately.
    func secondsLeft(at rate: Double?, now: Date) -> Double? {
      // Those that are due and don't leave say nothing about when they will.
      let untilLast = lastAttemptAt.map { $0.timeIntervalSince(now) }.flatMap { $0 > 0 ? $0 : nil }
      return [rate.map { Double(queued) / $0 }, untilLast].compactMap(\.self).max()
    }
  }

  var id: Int64
  var week: String
  var state: State
  /// Half-open on the left: what was announced after `from`, up to and including `to`.
  var from: Date
  var to: Date
  var startedAt: Date
  var finishedAt: Date?
  var canary: Canary
  /// Why the service paused it, when it was not a person.
  var pausedBecause: String?
}

extension DigestRun {
  static let columns = """
    id, week, state, window_from, window_to, started_at, finished_at, canary_left, canary_until, paused_because
    """

  init?(row: Row) {
    guard let state = State(rawValue: row["state"]) else { return nil }
    self.state = state
    id = row["id"]
    week = row["week"]
    from = Date(milliseconds: row["window_from"])
    to = Date(milliseconds: row["window_to"])
    startedAt = Date(milliseconds: row["started_at"])
    finishedAt = (row["finished_at"] as Int64?).map(Date.init(milliseconds:))
    canary = Canary(row: row)
    pausedBecause = row["paused_because"]
  }

  static func find(_ id: Int64, _ database: Database) throws -> DigestRun? {
    try Row.fetchOne(database, sql: "SELECT \(columns) FROM digest_run WHERE id = ?", arguments: [id])
      .flatMap(DigestRun.init)
  }

  /// The run of a week, unless it was cancelled.
  static func find(week: ISOWeek, _ database: Database) throws -> DigestRun? {
    try Row.fetchOne(
      database,
      sql: "SELECT \(columns) FROM digest_run WHERE week = ? AND state <> 'cancelled'",
      arguments: [week.description]
    ).flatMap(DigestRun.init)
  }

  /// The latest run of a week, also one that was cancelled.
  static func last(of week: ISOWeek, _ database: Database) throws -> DigestRun? {
    try Row.fetchOne(
      database,
      sql: "SELECT \(columns) FROM digest_run WHERE week = ? ORDER BY id DESC LIMIT 1",
      arguments: [week.description]
    ).flatMap(DigestRun.init)
  }

  /// The one whose window reaches furthest, unless it was cancelled.
  static func newest(_ database: Database) throws -> DigestRun? {
    try Row.fetchOne(
      database,
      sql: "SELECT \(columns) FROM digest_run WHERE state <> 'cancelled' ORDER BY window_to DESC LIMIT 1"
    ).flatMap(DigestRun.init)
  }

  /// How far any run has reached, cancelled ones too: what a cancelled run closed over stays closed, and an instant it
  /// covered is not owed again.
  static func newestEnd(_ database: Database) throws -> Date? {
    try Int64.fetchOne(database, sql: "SELECT max(window_to) FROM digest_run").map(Date.init(milliseconds:))
  }

  static func inState(_ state: State, _ database: Database) throws -> [DigestRun] {
    try Row.fetchAll(
      database,
      sql: "SELECT \(columns) FROM digest_run WHERE state = ? ORDER BY id",
      arguments: [state.rawValue]
    ).compactMap(DigestRun.init)
  }

  func counts(_ database: Database) throws -> Counts {
    let run = try Row.fetchOne(
      database,
      cached: "SELECT letters, taken, past_failed, past_uncertain, past_cancelled FROM digest_run WHERE id = ?",
      arguments: [id]
    )
    guard let run else { return Counts() }
    var counts = Counts(
      sent: run["taken"],
      failed: run["past_failed"],
      uncertain: run["past_uncertain"],
      cancelled: run["past_cancelled"]
    )
    // In the words of the index that holds nothing else.
    let others = try Row.fetchAll(
      database,
      cached: """
        SELECT state, count(*) AS count FROM outgoing_mail
        WHERE run_id = ? AND (state = 'failed' OR state = 'uncertain' OR state = 'cancelled') GROUP BY state
        """,
      arguments: [id]
    )
    for row in others {
      let count: Int = row["count"]
      switch OutgoingMail.State(rawValue: row["state"]) {
      case .failed: counts.failed += count
      case .uncertain: counts.uncertain += count
      case .cancelled: counts.cancelled += count
      case .queued, .sent, nil: break
      }
    }
    counts.queued = try (run["letters"] as Int?).map { $0 - counts.recipients } ?? queuedCount(database)
    if state == .sending, (1...Self.fewLeft).contains(counts.queued) {
      counts.lastAttemptAt = try lastAttempt(database)
    }
    return counts
  }

  /// Of more than these, the pace says when they have left.
  private static let fewLeft = 1_000

  private func lastAttempt(_ database: Database) throws -> Date? {
    try Int64.fetchOne(
      database,
      cached: "SELECT max(next_attempt_at) FROM \(OutgoingMail.waiting) WHERE run_id = ? AND state = 'queued'",
      arguments: [id]
    ).map(Date.init(milliseconds:))
  }

  private func queuedCount(_ database: Database) throws -> Int {
    try Int.fetchOne(
      database,
      cached: "SELECT count(*) FROM \(OutgoingMail.waiting) WHERE run_id = ? AND state = 'queued'",
      arguments: [id]
    ) ?? 0
  }

  /// Stops one that is sending until an operator has looked, and tells them.
  static func pause(_ id: Int64, because reason: String, _ notices: OperatorNotices, _ database: Database) throws {
    try database.execute(
      sql: "UPDATE digest_run SET state = 'paused', paused_because = ? WHERE id = ? AND state = 'sending'",
      arguments: [reason, id]
    )
    guard database.changesCount > 0, let run = try find(id, database) else { return }
    try notices.queue(.runPaused(run, because: reason), database)
  }

  /// Marks a run as finished once nothing of it is left to do. Asking twice changes nothing.
  static func finishIfDone(_ id: Int64, now: Date, _ database: Database) throws {
    try database.execute(
      cached: """
        UPDATE digest_run SET
          state = CASE state WHEN 'sending' THEN 'sent' ELSE state END, finished_at = coalesce(finished_at, :now)
        WHERE id = :id AND state IN ('sending', 'cancelled') AND NOT EXISTS (
          SELECT 1 FROM \(OutgoingMail.waiting) WHERE run_id = :id AND state = 'queued')
        """,
      arguments: ["id": id, "now": now.milliseconds]
    )
  }
}
