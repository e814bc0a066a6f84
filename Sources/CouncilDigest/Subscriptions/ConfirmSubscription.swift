import Foundation
import GRDB
import HTTPServer

/// `/confirm/{token}` for a sign-up: GET shows one button, POST starts what was asked for.
struct ConfirmSubscription: Sendable {
  let store: Store
  let site: Site
  /// When the next digest leaves, for the page that says welcome.
  let nextDigest: @Sendable () async throws -> Date

  enum Outcome: Equatable, Sendable {
    case confirmed
    case wasConfirmed
    /// They confirmed, and left since.
    case withdrawn
    /// They confirmed, and chose something else since.
    case changed
    /// All it was for has been taken off the site.
    case deleted
    case gone
  }

  /// The first digest reaches back this far, so that it is not an empty welcome.
  static let firstWindow: TimeInterval = 7 * 86_400

  func show(_ consent: Int64) async throws -> Response {
    let (outcome, targets) = try await store.read { database in
      (try Self.state(of: consent, database), try FollowTarget.fetch(consent: consent, database))
    }
    switch outcome {
    case .confirmed: return try await page("confirm", "Confirm your subscription", targets)
    case .wasConfirmed: return try await page("confirmed", "You are subscribed", targets, isRepeat: true)
    case .withdrawn: return try await page("confirm-withdrawn", "You have unsubscribed", targets)
    case .changed: return try await page("confirm-changed", "You have changed what you get", targets)
    case .deleted: return try await deleted(consent)
    case .gone: throw Self.gone
    }
  }

  func confirm(_ consent: Int64) async throws -> Response {
    let now = store.now()
    let returning = try await store.read { try Self.returning(consent, $0) }
    let (outcome, targets) = try await store.write { [keys = store.keys] database in
      let outcome = try Self.confirm(consent, now: now, database)
      if outcome == .confirmed { try Suppression.lift(consent: consent, keys, database) }
      return (outcome, try FollowTarget.fetch(consent: consent, database))
    }
    if outcome == .confirmed, let returning { try await store.departures.append(.returned, returning, at: now) }
    switch outcome {
    case .confirmed: return try await page("confirmed", "You are subscribed", targets)
    case .wasConfirmed: return try await page("confirmed", "You are subscribed", targets, isRepeat: true)
    case .withdrawn: return try await page("confirm-withdrawn", "You have unsubscribed", targets)
    case .changed: return try await page("confirm-changed", "You have changed what you get", targets)
    case .deleted: return try await deleted(consent)
    case .gone: throw Self.gone
    }
  }

  static func confirm(_ consent: Int64, now: Date, _ database: Database) throws -> Outcome {
    let outcome = try state(of: consent, database)
    guard outcome == .confirmed else { return outcome }
    let arguments: StatementArguments = [
      "consent": consent, "now": now.milliseconds, "window": now.addingTimeInterval(-firstWindow).milliseconds,
    ]
    try database.execute(
      sql: "UPDATE consent SET confirmed_at = :now WHERE id = :consent",
      arguments: ["now": now.milliseconds, "consent": consent]
    )
    // What another confirmation has started meanwhile is not started twice.
    try database.execute(
      sql: """
        UPDATE OR IGNORE subscription SET state = 'active', started_at = :now
        WHERE consent_id = :consent AND state = 'pending'
        """,
      arguments: ["now": now.milliseconds, "consent": consent]
    )
    try database.execute(
      sql: """
        UPDATE subscription SET state = 'ended', ended_at = :now, ended_how = 'followed already'
        WHERE consent_id = :consent AND state = 'pending'
        """,
      arguments: ["now": now.milliseconds, "consent": consent]
    )
    try database.execute(
      sql: """
        UPDATE subscriber SET
          window_start = CASE WHEN state = 'active' THEN window_start ELSE max(coalesce(window_start, 0), :window) END,
          confirmed_at = :now, unsubscribed_at = NULL, state = 'active', suppressed_because = NULL,
          density = coalesce((SELECT density FROM consent WHERE id = :consent), density)
        WHERE id = (SELECT subscriber_id FROM consent WHERE id = :consent)
        """,
      arguments: arguments
    )
    return .confirmed
  }

  /// Somebody who had left or complained, and would come back by confirming.
  static func returning(_ consent: Int64, _ database: Database) throws -> DepartureFile.Person? {
    let id = try Int64.fetchOne(
      database,
      cached: """
        SELECT subscriber.id FROM subscriber JOIN consent ON consent.subscriber_id = subscriber.id
        WHERE consent.id = ? AND (subscriber.unsubscribed_at IS NOT NULL OR suppressed_because = ?)
        """,
      arguments: [consent, Suppression.complaint]
    )
    return try id.flatMap { try Subscriber.find(id: $0, database)?.person(database) }
  }

  /// What confirming would come to now.
  private static func state(of consent: Int64, _ database: Database) throws -> Outcome {
    let row = try Row.fetchOne(
      database,
      sql: """
        SELECT consent.confirmed_at, withdrawn_at, state FROM consent JOIN subscriber ON subscriber.id = subscriber_id
        WHERE consent.id = ?
        """,
      arguments: [consent]
    )
    guard let row else { return .gone }
    if row["withdrawn_at"] as Int64? != nil { return row["state"] == "active" ? .changed : .withdrawn }
    guard row["confirmed_at"] as Int64? == nil else { return .wasConfirmed }
    return try FollowTarget.fetch(consent: consent, database).isEmpty ? .deleted : .confirmed
  }

  private func page(
    _ template: String,
    _ title: String,
    _ targets: [FollowTarget],
    isRepeat: Bool = false
  ) async throws -> Response {
    let view = ConfirmView(
      targets: targets.map { .init(name: $0.name, path: $0.path) },
      nextDigest: ReadableDate(site.identity.timeZone).dayAndTime(try await nextDigest()),
      isRepeat: isRepeat
    )
    return try site.page(template, view, title: title, visibility: .mailedLink)
  }

  /// What was deleted had no followers, so nobody heard of it; who still asks is told.
  private func deleted(_ consent: Int64) async throws -> Response {
    let scope = try await store.read { database in
      try String.fetchOne(database, sql: "SELECT scope FROM consent WHERE id = ?", arguments: [consent])
    }
    return try site.page(
      "confirm-deleted",
      DeletedView(scope: scope),
      title: "What you asked for has ended",
      status: .gone,
      visibility: .mailedLink
    )
  }

  private static let gone = Refusal.notFound("This link does not belong to a subscription any more")
}

private struct ConfirmView {
  struct Target {
    var name: String
    var path: String?
  }

  var targets: [Target]
  var nextDigest: String
  var isRepeat: Bool
}

private struct DeletedView {
  /// What they had asked for, in words.
  var scope: String?
}
