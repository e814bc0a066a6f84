import Foundation
import GRDB
import Mail

/// A letter waiting to leave, as a row.
struct OutgoingMail: Equatable, Sendable {
  enum Kind: String, Sendable {
    case confirmation
    case alreadyFollowing = "already-following"
    case topicRequest = "topic-request"
    case digest
    /// One marked copy, to try out.
    case digestTest = "digest-test"
    case operatorNotice = "operator-notice"

    var isDigest: Bool { self == .digest || self == .digestTest }

    /// People wait for these; a digest does not mind a minute.
    var isUrgent: Bool { self != .digest }

    /// After this nobody needs the letter any more.
    var usefulFor: Duration { .seconds(5 * 86_400) }
  }

  enum State: String, CaseIterable, Sendable {
    case queued, sent, failed, uncertain, cancelled
  }

  var id: Int64
  var kind: Kind
  var recipient: String
  var subscriberID: Int64?
  var runID: Int64?
  var editionID: Int64?
  var letterBodyID: Int64?
  var referenceID: Int64?
  var date: Date
  var keyID: KeyRing.ID
  var attempts: Int
  var unreadReplies: Int
  var expiresAt: Date
}

extension OutgoingMail {
  static let columns = """
    id, kind, recipient, subscriber_id, run_id, edition_id, letter_body_id, reference_id, date, key_id, attempts,
    unread_replies, expires_at
    """

  init(row: Row) throws {
    guard let kind = Kind(rawValue: row["kind"]) else {
      throw StoreProblem.unusable(path: "outgoing_mail", problem: "unknown kind")
    }
    self.kind = kind
    id = row["id"]
    recipient = row["recipient"]
    subscriberID = row["subscriber_id"]
    runID = row["run_id"]
    editionID = row["edition_id"]
    letterBodyID = row["letter_body_id"]
    referenceID = row["reference_id"]
    date = Date(milliseconds: row["date"])
    keyID = row["key_id"]
    attempts = row["attempts"]
    unreadReplies = row["unread_replies"]
    expiresAt = Date(milliseconds: row["expires_at"])
  }
}

extension OutgoingMail {
  /// Queues a transactional letter. It leaves before any digest that waits. A letter that was never tried is due since
  /// the beginning of time: a clock that is set back holds nothing up.
  static func queue(
    _ kind: Kind,
    to recipient: EmailAddress,
    body: LetterBody,
    subscriberID: Int64? = nil,
    referenceID: Int64? = nil,
    key: KeyRing.ID,
    now: Date,
    _ database: Database
  ) throws {
    let bodyID = try body.insert(database)
    try database.execute(
      cached: """
        INSERT INTO outgoing_mail
          (kind, recipient, subscriber_id, letter_body_id, reference_id, date, key_id, is_urgent, state,
           next_attempt_at, expires_at)
        VALUES (:kind, :recipient, :subscriber, :body, :reference, :now, :key, :urgent, 'queued', 0, :expires)
        """,
      arguments: [
        "kind": kind.rawValue, "recipient": recipient.description, "subscriber": subscriberID, "body": bodyID,
        "reference": referenceID, "now": now.milliseconds, "key": key, "urgent": kind.isUrgent,
        "expires": now.milliseconds + kind.usefulFor.milliseconds,
      ]
    )
  }

  /// How many letters of a kind were queued since `date`, for those that overtake digests.
  static func count(_ kind: Kind, since date: Date, _ database: Database) throws -> Int {
    try Int.fetchOne(
      database,
      cached: "SELECT count(*) FROM outgoing_mail WHERE kind = ? AND date > ? AND is_urgent = 1",
      arguments: [kind.rawValue, date.milliseconds]
    ) ?? 0
  }

  /// How many letters strangers have caused to an address since `date`.
  static func countToAddress(_ address: EmailAddress, since date: Date, _ database: Database) throws -> Int {
    try Int.fetchOne(
      database,
      cached: """
        SELECT count(*) FROM outgoing_mail
        WHERE lower(recipient) = ? AND is_urgent = 1 AND date > ? AND kind NOT IN ('digest-test', 'operator-notice')
        """,
      arguments: [address.key, date.milliseconds]
    ) ?? 0
  }
}

extension Duration {
  var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
