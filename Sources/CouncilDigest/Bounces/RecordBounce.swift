import Foundation
import GRDB
import Mail

/// Counts what came back against the subscriber it is about, and suppresses them when the rule says so.
struct RecordBounce: Sendable {
  let notices: OperatorNotices

  /// How it is known which letter or reader a bounce is about.
  enum Evidence: String, Sendable {
    /// The relay's own answer.
    case reply
    /// The signed return address of the letter (VERP).
    case verp
    case messageID = "message-id"
    /// Only a name in a message that anybody may have written: kept to be seen, and counted for nothing.
    case recipient
    /// An operator says so.
    case `operator`
  }

  struct Subject: Sendable {
    var subscriber: Int64?
    var mail: Int64?
    var run: Int64?
    /// Where the letter went; nil when it is the reader who was named, by the address they have now.
    var recipient: String?
    /// A notice to the address that a reader leaves says nothing about the one they move to, nor about them.
    var isAboutReader = true
  }

  enum Outcome: Equatable, Sendable {
    /// Towards a suppression.
    case counted
    /// Kept to be seen, and counted for nothing: it is about no digest, about a mailbox that the reader has left, or
    /// anybody may have written it.
    case noted
    case suppressed(because: String)
    /// It was reported before.
    case known
    /// No letter or subscriber of ours.
    case unmatched
  }

  /// What anybody may have written is kept once a day for each reader.
  private static let recipientInterval: TimeInterval = 86_400

  func record(
    _ report: BounceReport,
    about subject: Subject?,
    _ evidence: Evidence,
    now: Date,
    _ database: Database
  ) throws -> Outcome {
    guard let subject else { return .unmatched }
    // They may have been erased, or become one with another, while a worker held the letter.
    let subscriber = try subject.subscriber.flatMap { try Subscriber.find(id: $0, database) }
    if evidence == .recipient, try Self.wasNamedLately(subject, now: now, database) { return .known }
    let entry: StatementArguments = [
      "mail": subject.mail, "subscriber": subscriber?.id, "kind": report.kind.rawValue, "status": report.status,
      "diagnostic": report.diagnostic, "evidence": evidence.rawValue, "now": now.milliseconds,
    ]
    // Whoever confirmed after the letter has a mailbox.
    let isGone = try SuppressionRule.isGone(report) && !Self.hasProvedSince(subject, database)
    guard try Self.insert(entry, database) || Self.extend(entry, isGone: isGone, database) else { return .known }
    guard evidence != .recipient, isGone || !SuppressionRule.isGone(report) else { return .noted }
    if report.isAboutPolicy, let run = subject.run { try countPolicyRefusal(of: run, database) }
    guard let subscriber, try Self.isAbout(subscriber, subject, database) else { return .noted }
    let endings = try Self.endings(subscriber.id, upTo: subject.run, database)
    guard let reason = SuppressionRule.reason(for: report, endings) else {
      return subject.run == nil ? .noted : .counted
    }
    try Self.suppress(subscriber.id, because: reason, now: now, database)
    return .suppressed(because: reason)
  }

  /// - Returns: whether nothing of the kind was known about the letter.
  private static func insert(_ entry: StatementArguments, _ database: Database) throws -> Bool {
    try database.execute(
      cached: """
        INSERT INTO bounce (outgoing_mail_id, subscriber_id, kind, status, diagnostic, evidence, received_at)
        VALUES (:mail, :subscriber, :kind, :status, :diagnostic, :evidence, :now) ON CONFLICT DO NOTHING
        """,
      arguments: entry
    )
    return database.changesCount > 0
  }

  /// A second report about a letter counts when it says more: a status where there was none, or that the mailbox is gone.
  /// - Returns: whether it does.
  private static func extend(_ entry: StatementArguments, isGone: Bool, _ database: Database) throws -> Bool {
    try database.execute(
      cached: """
        UPDATE bounce SET status = :status, evidence = :evidence, received_at = :now,
          diagnostic = CASE WHEN :diagnostic = '' THEN diagnostic ELSE :diagnostic END
        WHERE outgoing_mail_id = :mail AND kind = :kind AND evidence <> 'recipient' AND :evidence <> 'recipient'
          AND :status IS NOT NULL AND (status IS NULL OR :gone AND EXISTS (
            SELECT 1 FROM subscriber JOIN outgoing_mail ON outgoing_mail.id = :mail
            WHERE subscriber.id = :subscriber AND subscriber.state IN ('active', 'pending')
              AND lower(outgoing_mail.recipient) = subscriber.email_key))
        """,
      arguments: entry + ["gone": isGone]
    )
    return database.changesCount > 0
  }

  /// They confirmed their address after the letter was written.
  private static func hasProvedSince(_ subject: Subject, _ database: Database) throws -> Bool {
    try Bool.fetchOne(
      database,
      cached: """
        SELECT outgoing_mail.date < subscriber.confirmed_at
        FROM outgoing_mail JOIN subscriber ON subscriber.id = :subscriber WHERE outgoing_mail.id = :mail
        """,
      arguments: ["subscriber": subject.subscriber, "mail": subject.mail]
    ) ?? false
  }

  /// What comes back from a mailbox that a reader has left says nothing about the one they have now.
  private static func isAbout(_ subscriber: Subscriber, _ subject: Subject, _ database: Database) throws -> Bool {
    guard subject.isAboutReader else { return false }
    guard let recipient = subject.recipient else { return true }
    guard recipient.isEmpty else { return recipient.lowercased() == subscriber.email.lowercased() }
    // Where an old letter went is not known any more; of who never moved it is.
    let hasMoved = try Bool.fetchOne(
      database,
      cached: "SELECT EXISTS (SELECT 1 FROM address_change WHERE subscriber_id = ? AND state = 'done')",
      arguments: [subscriber.id]
    )
    return hasMoved == false
  }

  private static func wasNamedLately(_ subject: Subject, now: Date, _ database: Database) throws -> Bool {
    try Bool.fetchOne(
      database,
      cached: """
        SELECT EXISTS (
          SELECT 1 FROM bounce WHERE subscriber_id = ? AND evidence = 'recipient' AND received_at > ?)
        """,
      arguments: [subject.subscriber, now.addingTimeInterval(-recipientInterval).milliseconds]
    ) ?? false
  }

  // MARK: Whose fault it is

  /// More than one letter in twenty that is refused for what it is or where it comes from is not about the readers.
  private static let isRefusedForPolicy = """
    (digest_run.policy_refusals >= 5 AND digest_run.policy_refusals * 20 > digest_run.taken + digest_run.policy_refusals)
    """

  private func countPolicyRefusal(of id: Int64, _ database: Database) throws {
    try database.execute(
      cached: "UPDATE digest_run SET policy_refusals = policy_refusals + 1 WHERE id = ?",
      arguments: [id]
    )
    // An operator who lets it go on hears again when there are twice as many.
    let refusals = try Int.fetchOne(
      database,
      cached: """
        UPDATE digest_run SET policy_refusals_told = policy_refusals
        WHERE id = ? AND policy_refusals >= 2 * policy_refusals_told AND \(Self.isRefusedForPolicy)
        RETURNING policy_refusals
        """,
      arguments: [id]
    )
    guard let refusals, let run = try DigestRun.find(id, database) else { return }
    let reason = "\(refusals) of its letters were refused for what they are or where they come from"
    if run.state == .sending {
      try DigestRun.pause(id, because: reason, notices, database)
    } else {
      try notices.queue(.runRefused(run, because: reason), database)
    }
  }

  /// How the reader's digests to the address they have now ended since they confirmed, the newest first.
  private static func endings(
    _ subscriber: Int64,
    upTo run: Int64?,
    _ database: Database
  ) throws -> [SuppressionRule.Ending] {
    let rows = try Row.fetchAll(
      database,
      cached: """
        SELECT outgoing_mail.state AS state, max(coalesce(bounce.kind, '') = 'hard') AS is_hard,
          max(coalesce(bounce.kind, '') = 'soft') AS is_soft,
          \(isRefusedForPolicy) AND max(coalesce(bounce.status, '') LIKE '5.7.%') AS is_ours
        FROM outgoing_mail
        JOIN digest_run ON digest_run.id = outgoing_mail.run_id
        JOIN subscriber ON subscriber.id = outgoing_mail.subscriber_id
        LEFT JOIN bounce ON bounce.outgoing_mail_id = outgoing_mail.id AND bounce.evidence <> 'recipient'
        WHERE outgoing_mail.subscriber_id = :subscriber AND (:run IS NULL OR outgoing_mail.run_id <= :run)
          AND outgoing_mail.date >= coalesce(subscriber.confirmed_at, 0)
          AND lower(outgoing_mail.recipient) = subscriber.email_key
          AND (outgoing_mail.state IN ('sent', 'failed', 'uncertain') OR bounce.id IS NOT NULL)
        GROUP BY outgoing_mail.id ORDER BY outgoing_mail.run_id DESC LIMIT :limit
        """,
      arguments: ["subscriber": subscriber, "run": run, "limit": SuppressionRule.refusedInARow]
    )
    return rows.map { row in
      if row["is_ours"] == true { return .unknown }
      if row["is_hard"] == true { return .hard }
      if row["is_soft"] == true { return .soft }
      return row["state"] == "sent" ? .arrived : .unknown
    }
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

extension RecordBounce.Subject {
  init(_ mail: OutgoingMail) {
    self.init(
      subscriber: mail.subscriberID,
      mail: mail.id,
      run: mail.runID,
      recipient: mail.recipient,
      isAboutReader: mail.kind != .addressNotice
    )
  }
}

extension BounceReport {
  /// Security or policy (RFC 3463 §3.8): what we send or who we are, not whether the reader exists.
  var isAboutPolicy: Bool { kind == .hard && status?.hasPrefix("5.7.") ?? false }
}
