import Foundation
import GRDB
import Mail

/// Counts what came back against the subscriber it is about, and suppresses them when the rule says so.
struct RecordBounce: Sendable {
  /// How it is known which letter or reader a bounce is about.
  enum Evidence: String, Sendable {
    /// The relay's own answer.
    case reply
    /// The signed return address of the letter (VERP).
    case verp
    case messageID = "message-id"
    /// Only a name in a message that anybody may have written: counted, and never enough alone.
    case recipient
    /// An operator says so.
    case `operator`
  }

  struct Subject: Sendable {
    var subscriber: Int64?
    var mail: Int64?
    var run: Int64?
  }

  enum Outcome: Equatable, Sendable {
    case counted
    case suppressed(because: String)
    /// It was reported before.
    case known
    /// No letter or subscriber of ours.
    case unmatched
  }

  static func record(
    _ report: BounceReport,
    about subject: Subject?,
    _ evidence: Evidence,
    now: Date,
    _ database: Database
  ) throws -> Outcome {
    guard let subject else { return .unmatched }
    try database.execute(
      cached: """
        INSERT INTO bounce (outgoing_mail_id, subscriber_id, kind, status, diagnostic, evidence, received_at)
        VALUES (:mail, :subscriber, :kind, :status, :diagnostic, :evidence, :now) ON CONFLICT DO NOTHING
        """,
      arguments: [
        "mail": subject.mail, "subscriber": subject.subscriber, "kind": report.kind.rawValue, "status": report.status,
        "diagnostic": report.diagnostic, "evidence": evidence.rawValue, "now": now.milliseconds,
      ]
    )
    guard database.changesCount > 0 else { return .known }
    guard let subscriber = subject.subscriber else { return .counted }
    let runs = try runsInARow(subscriber, subject.run, database)
    let reason = SuppressionRule.reason(for: report.kind, status: report.status, runsInARow: runs)
    guard let reason, evidence != .recipient else { return .counted }
    try suppress(subscriber, because: reason, now: now, database)
    return .suppressed(because: reason)
  }

  /// Counts this run; one whose letter did not come back ends the row.
  private static func runsInARow(_ subscriber: Int64, _ run: Int64?, _ database: Database) throws -> Int {
    let row = try Row.fetchOne(
      database,
      cached: "SELECT bounces, bounced_run FROM subscriber WHERE id = ?",
      arguments: [subscriber]
    )
    guard let row, let run else { return row?["bounces"] ?? 0 }
    let (count, last): (Int, Int64?) = (row["bounces"], row["bounced_run"])
    guard last.map({ $0 < run }) ?? true else { return count }
    let arrivedBetween = try Bool.fetchOne(
      database,
      cached: """
        SELECT EXISTS (
          SELECT 1 FROM outgoing_mail AS mail
          WHERE mail.subscriber_id = :subscriber AND mail.state = 'sent' AND mail.run_id > :last AND mail.run_id < :run
            AND NOT EXISTS (SELECT 1 FROM bounce WHERE bounce.outgoing_mail_id = mail.id))
        """,
      arguments: ["subscriber": subscriber, "last": last ?? 0, "run": run]
    )
    let runs = arrivedBetween == true ? 1 : count + 1
    try database.execute(
      cached: "UPDATE subscriber SET bounces = ?, bounced_run = ? WHERE id = ?",
      arguments: [runs, run, subscriber]
    )
    return runs
  }

  /// They may come back: a confirmation from the mailbox itself proves that it works.
  private static func suppress(_ subscriber: Int64, because reason: String, now: Date, _ database: Database) throws {
    try database.execute(
      cached: """
        UPDATE subscriber SET state = 'suppressed', suppressed_because = ?
        WHERE id = ? AND state IN ('active', 'pending')
        """,
      arguments: [reason, subscriber]
    )
    try database.execute(
      cached: """
        UPDATE outgoing_mail SET state = 'cancelled', finished_at = ?
        WHERE subscriber_id = ? AND kind = 'digest' AND state = 'queued'
        """,
      arguments: [now.milliseconds, subscriber]
    )
  }
}
