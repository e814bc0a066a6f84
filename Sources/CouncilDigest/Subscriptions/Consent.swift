import Foundation
import GRDB

/// What somebody agreed to, how, and told what.
struct Consent: Equatable, Sendable {
  /// The version of the words next to the button, kept with each consent.
  static let formVersion = "2026-11"

  /// In words, as the person read it.
  var scope: String
  /// `web form`, `json` or `preferences page`.
  var source: String
  var density: Subscriber.Density?

  /// - Parameter confirmedAt: when the address has answered already.
  /// - Returns: the id of the row.
  func insert(
    of subscriber: Int64,
    now: Date,
    confirmedAt: Date? = nil,
    _ database: Database
  ) throws -> Int64 {
    try database.execute(
      cached: """
        INSERT INTO consent (subscriber_id, scope, source, form_version, density, requested_at, confirmed_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        subscriber, scope, source, Self.formVersion, density?.rawValue, now.milliseconds, confirmedAt?.milliseconds,
      ]
    )
    return database.lastInsertedRowID
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
