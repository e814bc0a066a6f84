import Foundation
import GRDB

/// What somebody agreed to, how, and told what.
struct Consent: Equatable, Sendable {
  /// In words, as the person read it.
  var scope: String
  /// `web form`, `json`, `preferences page`, `topic request` or `import`.
  var source: String
  var density: Subscriber.Density?
  /// Of one that was given elsewhere: where and how, as the operator says.
  var evidence: String?

  /// How one is taken back.
  enum Withdrawal: String, Sendable {
    case unsubscribeLink = "unsubscribe link"
    case preferencesPage = "preferences page"
  }

  /// The versions of what the person read are those in use: see `KeepConsentTexts`.
  /// - Parameters:
  ///   - now: when it was asked for.
  ///   - confirmedAt: when the address has answered already.
  /// - Returns: the id of the row.
  func insert(
    of subscriber: Int64,
    now: Date,
    confirmedAt: Date? = nil,
    _ database: Database
  ) throws -> Int64 {
    try database.execute(
      cached: """
        INSERT INTO consent
          (subscriber_id, scope, source, evidence, form_version, notice_version, density, requested_at, confirmed_at)
        VALUES (
          :subscriber, :scope, :source, :evidence,
          coalesce((SELECT version FROM consent_text WHERE kind = 'form' AND is_in_use = 1), ''),
          coalesce((SELECT version FROM consent_text WHERE kind = 'notice' AND is_in_use = 1), ''),
          :density, :requested, :confirmed)
        """,
      arguments: [
        "subscriber": subscriber, "scope": scope, "source": source, "evidence": evidence,
        "density": density?.rawValue, "requested": now.milliseconds, "confirmed": confirmedAt?.milliseconds,
      ]
    )
    return database.lastInsertedRowID
  }

  /// All that a subscriber has given.
  static func withdrawAll(
    of subscriber: Int64,
    _ withdrawal: Withdrawal,
    now: Date,
    _ database: Database
  ) throws {
    let arguments: StatementArguments = [
      "id": subscriber, "now": now.milliseconds, "how": withdrawal.rawValue,
    ]
    try database.execute(
      sql: """
        UPDATE subscription SET state = 'ended', ended_at = :now, ended_how = :how
        WHERE subscriber_id = :id AND state = 'active'
        """,
      arguments: arguments
    )
    try database.execute(
      sql: """
        UPDATE consent SET withdrawn_at = :now, withdrawn_how = :how
        WHERE subscriber_id = :id AND confirmed_at IS NOT NULL AND withdrawn_at IS NULL
        """,
      arguments: arguments
    )
  }

  /// For one thing that is followed. A consent is taken back when nothing of what it was for goes on.
  static func withdraw(
    _ target: FollowTarget,
    of subscriber: Int64,
    _ withdrawal: Withdrawal,
    now: Date,
    _ database: Database
  ) throws {
    let arguments: StatementArguments = [
      "id": subscriber, "target": target.key, "now": now.milliseconds, "how": withdrawal.rawValue,
    ]
    try database.execute(
      sql: """
        UPDATE subscription SET state = 'ended', ended_at = :now, ended_how = :how
        WHERE subscriber_id = :id AND target = :target AND state = 'active'
        """,
      arguments: arguments
    )
    try database.execute(
      sql: """
        UPDATE consent SET withdrawn_at = :now, withdrawn_how = :how
        WHERE subscriber_id = :id AND confirmed_at IS NOT NULL AND withdrawn_at IS NULL
          AND EXISTS (SELECT 1 FROM subscription WHERE consent_id = consent.id AND target = :target)
          AND NOT EXISTS (SELECT 1 FROM subscription WHERE consent_id = consent.id AND state = 'active')
        """,
      arguments: arguments
    )
  }
}

extension FollowTarget {
  /// Writes the subscription that a consent is for.
  /// - Parameter startedAt: when it is active at once; otherwise it waits for the confirmation.
  func follow(
    _ subscriber: Int64,
    consent: Int64,
    startedAt: Date? = nil,
    _ database: Database
  ) throws {
    try database.execute(
      cached: """
        INSERT INTO subscription
          (subscriber_id, consent_id, target, council_id, committee_id, topic_id, topic_query_id, state, started_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        subscriber, consent, key, columns.council, columns.committee, columns.topic, columns.query,
        startedAt == nil ? "pending" : "active", startedAt?.milliseconds,
      ]
    )
  }
}
