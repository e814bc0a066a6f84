import Foundation
import GRDB
import HTTPServer
import HTTPTypes

/// Everything that is held about a person, for themselves (UK GDPR articles 15 and 20).
struct ReaderExport: Encodable, Sendable {
  struct Subscription: Encodable, Sendable {
    /// As the preferences page sends it.
    var follows: String
    var state: String
    var startedAt: Date?
    var endedAt: Date?
    var endedHow: String?
  }

  struct Consent: Encodable, Sendable {
    var scope: String
    var source: String
    var evidence: String?
    /// What they read: see `texts`.
    var formVersion: String
    var noticeVersion: String
    var requestedAt: Date
    var confirmedAt: Date?
    var withdrawnAt: Date?
    var withdrawnHow: String?
  }

  struct Text: Encodable, Sendable {
    /// `form` or `notice`.
    var kind: String
    var version: String
    var html: String
  }

  struct Pause: Encodable, Sendable {
    var until: Date
  }

  struct Delivery: Encodable, Sendable {
    var kind: String
    /// Not known any more after a week, but for digests.
    var to: String?
    /// Of a digest.
    var week: String?
    var state: String
    var date: Date
    var finishedAt: Date?
    /// What the mail server said.
    var diagnostic: String?
  }

  struct Bounce: Encodable, Sendable {
    var kind: String
    var status: String?
    var diagnostic: String
    var receivedAt: Date
  }

  struct Wish: Encodable, Sendable {
    var request: String
    var query: String?
    var state: String
    var createdAt: Date
    var reply: String?
  }

  struct Message: Encodable, Sendable {
    var kind: String
    var message: String
    var createdAt: Date
  }

  struct Session: Encodable, Sendable {
    var createdAt: Date
    var expiresAt: Date
  }

  struct AddressChange: Encodable, Sendable {
    var to: String?
    var state: String
    var requestedAt: Date
  }

  var exportedAt: Date
  var subscriber: SubscriberItem
  var id: Int64
  var email: String
  var state: String
  var subscriptions: [Subscription]
  var consents: [Consent]
  var texts: [Text]
  var pauses: [Pause]
  var deliveries: [Delivery]
  var bounces: [Bounce]
  var topicRequests: [Wish]
  var feedback: [Message]
  var addressChanges: [AddressChange]
  var sessions: [Session]

  /// A file to keep, not a page.
  func response() throws -> Response {
    var response = try JSONOutput.response(.ok, self)
    response.fields[.contentDisposition] = "attachment; filename=\"my-council-digest-data.json\""
    response.fields[.eTag] = nil
    return response
  }
}

extension ReaderExport {
  init(_ subscriber: Subscriber, now: Date, _ database: Database) throws {
    exportedAt = now
    self.subscriber = try SubscriberItem(subscriber, database)
    id = subscriber.id
    email = subscriber.email
    state = subscriber.state.rawValue
    pauses = subscriber.pausedUntil.map { [Pause(until: $0)] } ?? []
    let id: StatementArguments = [subscriber.id]
    subscriptions = try Row.fetchAll(
      database,
      sql: """
        SELECT state, started_at, ended_at, ended_how, CASE
            WHEN topic.id IS NOT NULL THEN 'topic:' || topic.slug
            WHEN topic_query.id IS NOT NULL THEN 'query:' || topic_query.text
            WHEN committee.id IS NOT NULL THEN 'council:' || council.slug || '/' || committee.slug
            ELSE 'council:' || council.slug END AS follows
        FROM subscription
        LEFT JOIN council ON council.id = subscription.council_id
        LEFT JOIN committee ON committee.id = subscription.committee_id
        LEFT JOIN topic ON topic.id = subscription.topic_id
        LEFT JOIN topic_query ON topic_query.id = subscription.topic_query_id
        WHERE subscriber_id = ? ORDER BY subscription.id
        """,
      arguments: id
    ).map { row in
      Subscription(
        follows: row["follows"] ?? "",
        state: row["state"],
        startedAt: row.date("started_at"),
        endedAt: row.date("ended_at"),
        endedHow: row["ended_how"]
      )
    }
    consents = try Row.fetchAll(
      database,
      sql: """
        SELECT scope, source, evidence, form_version, notice_version, requested_at, confirmed_at, withdrawn_at,
          withdrawn_how
        FROM consent WHERE subscriber_id = ? ORDER BY id
        """,
      arguments: id
    ).map { row in
      Consent(
        scope: row["scope"],
        source: row["source"],
        evidence: row["evidence"],
        formVersion: row["form_version"],
        noticeVersion: row["notice_version"],
        requestedAt: Date(milliseconds: row["requested_at"]),
        confirmedAt: row.date("confirmed_at"),
        withdrawnAt: row.date("withdrawn_at"),
        withdrawnHow: row["withdrawn_how"]
      )
    }
    texts = try Row.fetchAll(
      database,
      sql: """
        SELECT kind, version, text FROM consent_text
        WHERE (kind = 'form' AND version IN (SELECT form_version FROM consent WHERE subscriber_id = :id))
          OR (kind = 'notice' AND version IN (SELECT notice_version FROM consent WHERE subscriber_id = :id))
        ORDER BY kind, first_used_at
        """,
      arguments: ["id": subscriber.id]
    ).map { Text(kind: $0["kind"], version: $0["version"], html: $0["text"]) }
    deliveries = try Self.deliveries(subscriber, database)
    bounces = try Row.fetchAll(
      database,
      sql: "SELECT kind, status, diagnostic, received_at FROM bounce WHERE subscriber_id = ? ORDER BY id",
      arguments: id
    ).map { row in
      Bounce(
        kind: row["kind"],
        status: row["status"],
        diagnostic: row["diagnostic"],
        receivedAt: Date(milliseconds: row["received_at"])
      )
    }
    let address: StatementArguments = [subscriber.email.lowercased()]
    topicRequests = try Row.fetchAll(
      database,
      sql: "SELECT request, query, state, created_at, reply FROM topic_request WHERE lower(email) = ? ORDER BY id",
      arguments: address
    ).map { row in
      Wish(
        request: row["request"],
        query: row["query"],
        state: row["state"],
        createdAt: Date(milliseconds: row["created_at"]),
        reply: row["reply"]
      )
    }
    feedback = try Row.fetchAll(
      database,
      sql: "SELECT kind, message, created_at FROM feedback WHERE lower(email) = ? ORDER BY id",
      arguments: address
    ).map { Message(kind: $0["kind"], message: $0["message"], createdAt: Date(milliseconds: $0["created_at"])) }
    addressChanges = try Row.fetchAll(
      database,
      sql: "SELECT email, state, requested_at FROM address_change WHERE subscriber_id = ? ORDER BY id",
      arguments: id
    ).map { row in
      let to: String = row["email"]
      return AddressChange(
        to: to.isEmpty ? nil : to,
        state: row["state"],
        requestedAt: Date(milliseconds: row["requested_at"])
      )
    }
    sessions = try Row.fetchAll(
      database,
      sql: "SELECT created_at, expires_at FROM session WHERE subscriber_id = ? ORDER BY created_at",
      arguments: id
    ).map {
      Session(createdAt: Date(milliseconds: $0["created_at"]), expiresAt: Date(milliseconds: $0["expires_at"]))
    }
  }

  private static func deliveries(_ subscriber: Subscriber, _ database: Database) throws -> [Delivery] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT kind, recipient, week, outgoing_mail.state, date, outgoing_mail.finished_at, diagnostic
        FROM outgoing_mail LEFT JOIN digest_run ON digest_run.id = run_id
        WHERE subscriber_id = :id OR (is_urgent = 1 AND lower(recipient) = :address) ORDER BY outgoing_mail.id
        """,
      arguments: ["id": subscriber.id, "address": subscriber.email.lowercased()]
    ).map { row in
      let to: String = row["recipient"]
      return Delivery(
        kind: row["kind"],
        to: to.isEmpty ? nil : to,
        week: row["week"],
        state: row["state"],
        date: Date(milliseconds: row["date"]),
        finishedAt: row.date("finished_at"),
        diagnostic: row["diagnostic"]
      )
    }
  }
}

extension Row {
  fileprivate func date(_ column: String) -> Date? { (self[column] as Int64?).map(Date.init(milliseconds:)) }
}
