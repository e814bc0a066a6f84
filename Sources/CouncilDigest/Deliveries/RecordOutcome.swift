import Foundation
import GRDB
import Mail

/// Writes what became of one letter into its row, and what follows for its run and its reader.
struct RecordOutcome: Sendable {
  let canary: Canary.Plan
  let notices: OperatorNotices

  func callAsFunction(_ record: PendingRecord, _ database: Database) throws {
    let mail = record.mail
    try apply(record.transition, to: mail, now: record.now, database)
    guard let run = mail.runID else { return }
    try canary.count(1, of: run, now: record.now, database)
    if let wave = record.wave {
      try ForgiveRefusals.ofRun(run, database)
      try DigestRun.pause(run, because: wave, notices, database)
    }
    try DigestRun.finishIfDone(run, now: record.now, database)
  }

  private func apply(_ transition: DeliveryTransition, to mail: OutgoingMail, now: Date, _ database: Database) throws {
    switch transition {
    case .asBefore: break
    case .sent: try Self.settle(mail, as: .sent, nil, now: now, database)
    case .retry(let retry): try Self.putOff(mail, retry, database)
    case .failed(let reply):
      try Self.settle(mail, as: .failed, reply, now: now, database)
      try countRefusal(reply, of: mail, now: now, database)
    case .uncertain(let problem):
      try Self.settle(mail, as: .uncertain, Reply(code: 0, text: problem), now: now, database)
    }
  }

  /// A letter that was cancelled while it was on its way is not tried again.
  private static func putOff(_ mail: OutgoingMail, _ retry: DeliveryTransition.Retry, _ database: Database) throws {
    try database.execute(
      cached: """
        UPDATE outgoing_mail SET next_attempt_at = :at, expires_at = :expires, attempts = :attempts,
          unread_replies = :unread, reply_code = :code, reply_status = :status, diagnostic = :text
        WHERE id = :id AND state = 'queued'
        """,
      arguments: [
        "at": retry.at.milliseconds, "expires": retry.expiresAt.milliseconds, "attempts": retry.attempts,
        "unread": retry.unreadReplies, "code": retry.reply?.code, "status": retry.reply?.status,
        "text": retry.reply?.text, "id": mail.id,
      ]
    )
  }

  /// What the relay refused for good, or put off until nobody needed it, counts against the address.
  private func countRefusal(_ reply: Reply, of mail: OutgoingMail, now: Date, _ database: Database) throws {
    guard (400..<600).contains(reply.code) else { return }
    _ = try RecordBounce(notices: notices).record(
      BounceReport(refusal: reply),
      about: .init(mail),
      .reply,
      now: now,
      database
    )
  }

  /// What was sent was sent, also when somebody cancelled it on its way; any other end is for letters that still wait.
  static func settle(
    _ mail: OutgoingMail,
    as state: OutgoingMail.State,
    _ reply: Reply?,
    now: Date,
    _ database: Database
  ) throws {
    try database.execute(
      cached: """
        UPDATE outgoing_mail SET state = :state, finished_at = :now, reply_code = :code, reply_status = :status,
          diagnostic = :text
        WHERE id = :id AND (state = 'queued' OR :state IN ('sent', 'uncertain'))
        """,
      arguments: [
        "state": state.rawValue, "now": now.milliseconds, "code": reply?.code, "status": reply?.status,
        "text": reply?.text, "id": mail.id,
      ]
    )
  }
}
