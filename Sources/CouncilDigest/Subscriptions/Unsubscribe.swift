import Foundation
import GRDB
import HTTPServer

/// `GET` and `POST /unsubscribe/{token}`: GET shows one button, POST leaves. A POST needs nothing but the address it goes
/// to, so a mail program's one-click (RFC 8058) works whatever it sends; it works as long as the letter exists.
struct Unsubscribe: Sendable {
  let store: Store
  let site: Site

  func show(_ request: Request) async throws -> Response {
    let id = try subscriber(of: request)
    guard id != MailedLink.nobody else { return try page("test-link", "A test letter") }
    let (subscriber, targets) = try await store.read { database in
      let subscriber = try Subscriber.find(id: id, database)
      return (subscriber, try subscriber.map { try FollowTarget.fetch(subscriber: $0.id, database) } ?? [])
    }
    guard let subscriber, subscriber.isStaying else { return try page("unsubscribed", "You are unsubscribed") }
    return try page("unsubscribe", "Unsubscribe", targets)
  }

  func leave(_ request: Request) async throws -> Response {
    let id = try subscriber(of: request)
    guard id != MailedLink.nobody else { return try page("test-link", "A test letter") }
    let now = store.now()
    let leaver = try await store.read { database in
      try Subscriber.find(id: id, database).flatMap { $0.isStaying ? ($0.id, try $0.person(database)) : nil }
    }
    if let (id, person) = leaver {
      try await store.departures.append(.left, person, at: now)
      try await store.write { try Self.leave(id, now: now, $0) }
    }
    return try page("unsubscribed", "You are unsubscribed")
  }

  /// Of an address that is suppressed that stays known, too.
  static func leave(
    _ id: Int64,
    _ withdrawal: Consent.Withdrawal = .unsubscribeLink,
    now: Date,
    _ database: Database
  ) throws {
    let arguments: StatementArguments = ["id": id, "now": now.milliseconds]
    try database.execute(
      sql: """
        UPDATE subscriber SET state = CASE state WHEN 'active' THEN 'unsubscribed' ELSE state END,
          unsubscribed_at = :now, paused_until = NULL
        WHERE id = :id AND (state = 'active' OR (state = 'suppressed' AND unsubscribed_at IS NULL))
        """,
      arguments: arguments
    )
    guard database.changesCount > 0 else { return }
    try Consent.withdrawAll(of: id, withdrawal, now: now, database)
    try database.execute(
      sql: """
        UPDATE address_change SET state = 'stopped', email = '', ended_at = :now
        WHERE subscriber_id = :id AND state = 'waiting'
        """,
      arguments: arguments
    )
    // What waits is not sent any more; what a worker holds right now can't be called back.
    try database.execute(
      sql: """
        UPDATE outgoing_mail SET state = 'cancelled', finished_at = :now
        WHERE subscriber_id = :id AND kind = 'digest' AND state = 'queued'
        """,
      arguments: arguments
    )
  }

  private func subscriber(of request: Request) throws -> Int64 {
    switch MailedLink.read(request.parameter("token"), for: .unsubscribe, store.keys, now: store.now()) {
    case .valid(let row), .expired(let row): return row
    case .unknown:
      throw Refusal.notFound("This link is not complete. Open it from the letter again, or copy all of it")
    }
  }

  private func page(_ template: String, _ title: String, _ targets: [FollowTarget] = []) throws -> Response {
    let view =
      ["targets": targets.map { ["name": $0.name, "path": $0.path] }] as [String: Any]
    return try site.page(template, view, title: title, visibility: .mailedLink)
  }
}
