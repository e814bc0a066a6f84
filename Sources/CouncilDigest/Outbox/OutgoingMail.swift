import Foundation
import GRDB
import Mail

/// A letter waiting to leave, as a row.
struct OutgoingMail: Equatable, Sendable {
  enum Kind: String, Sendable {
    case confirmation
    case alreadyFollowing = "already-following"
    case topicRequest = "topic-request"
    /// What became of one.
    case topicAccepted = "topic-accepted"
    case topicDeclined = "topic-declined"
    /// To the new address, and to the old one.
    case addressChange = "address-change"
    case addressNotice = "address-notice"
    case preferencesLink = "preferences-link"
    case signIn = "sign-in"
    /// What the operator wrote back.
    case feedbackReply = "feedback-reply"
    /// A council they follow was merged or renamed.
    case councilReplaced = "council-replaced"
    case digest
    /// One marked copy, to try out.
    case digestTest = "digest-test"
    case operatorNotice = "operator-notice"

    /// Anybody who knows an address can cause these.
    static let askedForByStrangers: [Kind] = [.confirmation, .alreadyFollowing, .topicRequest, .addressChange]

    var isDigest: Bool { self == .digest || self == .digestTest }

    /// People wait for these; a digest does not mind a minute.
    var isUrgent: Bool { self != .digest }

    /// After this nobody needs the letter any more. A digest that waits ends by being overtaken: the next run carries what
    /// it says.
    var usefulFor: Duration {
      switch self {
      case .digest: .seconds(35 * 86_400)
      case .signIn: .seconds(Int(SignInLink.lifetime))
      case .confirmation, .alreadyFollowing, .topicRequest, .topicAccepted, .topicDeclined, .addressChange,
        .addressNotice, .preferencesLink, .feedbackReply, .councilReplaced, .digestTest, .operatorNotice:
        .seconds(5 * 86_400)
      }
    }

    /// Of letters whose link acts on one row: what it may do there, and where it leads.
    var action: (purpose: LinkPurpose, path: String, lifetime: TimeInterval)? {
      switch self {
      case .confirmation: (.confirmSubscription, "/confirm/", LetterAssembly.confirmationLifetime)
      case .topicRequest: (.confirmTopicRequest, "/confirm/", LetterAssembly.confirmationLifetime)
      case .addressChange: (.confirmAddress, "/confirm/", LetterAssembly.confirmationLifetime)
      case .addressNotice: (.stopAddressChange, "/address-change/", LetterAssembly.confirmationLifetime)
      case .signIn: (.signIn, "/sign-in/", SignInLink.lifetime)
      case .alreadyFollowing, .topicAccepted, .topicDeclined, .preferencesLink, .feedbackReply, .councilReplaced,
        .digest,
        .digestTest, .operatorNotice:
        nil
      }
    }
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
  /// Of a digest: the exclusive start of what it carries, in milliseconds; else 0.
  var windowStart: Int64
}

extension OutgoingMail {
  /// In this order; other columns may follow.
  static let columns = """
    outgoing_mail.id, kind, recipient, subscriber_id, run_id, edition_id, letter_body_id, reference_id, date, key_id,
    attempts, unread_replies, expires_at, coalesce(window_from, 0)
    """
  static let columnCount = 14

  /// The table, for statements about digests that wait. Left alone, SQLite would look through all that ever left: it takes
  /// the unique index of a run's letters for the better one.
  static let waiting = "outgoing_mail INDEXED BY outgoing_mail_next"

  /// By position: a run has a million of them, and to look for a name takes longer than to read the value.
  init(row: Row) throws {
    guard let kind = Kind(rawValue: row[1]) else {
      throw StoreProblem.unusable(path: "outgoing_mail", problem: "unknown kind")
    }
    self.kind = kind
    id = row[0]
    recipient = row[2]
    subscriberID = row[3]
    runID = row[4]
    editionID = row[5]
    letterBodyID = row[6]
    referenceID = row[7]
    date = Date(milliseconds: row[8])
    keyID = row[9]
    attempts = row[10]
    unreadReplies = row[11]
    expiresAt = Date(milliseconds: row[12])
    windowStart = row[13]
  }

  static func fetchAll(
    _ database: Database,
    cached sql: String,
    arguments: StatementArguments
  ) throws -> [OutgoingMail] {
    let rows = try Row.fetchCursor(try database.cachedStatement(sql: sql), arguments: arguments)
    return try Array(rows.map(OutgoingMail.init))
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

  /// Writes what a letter would, and sends nothing: who watches the clock can't tell an address that gets a letter from
  /// one that gets none. The row names nobody.
  static func queueNothing(
    instead kind: Kind,
    of body: LetterBody,
    key: KeyRing.ID,
    now: Date,
    _ database: Database
  ) throws {
    let bodyID = try body.insert(database)
    try database.execute(
      cached: """
        INSERT INTO outgoing_mail
          (kind, recipient, letter_body_id, date, key_id, is_urgent, state, next_attempt_at, expires_at, finished_at)
        VALUES (:kind, '', :body, :now, :key, :urgent, 'cancelled', 0, :now, :now)
        """,
      arguments: [
        "kind": kind.rawValue, "body": bodyID, "now": now.milliseconds, "key": key, "urgent": kind.isUrgent,
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

  /// Whether a letter of a kind that overtakes digests, with this subject, was queued since `date`.
  static func exists(_ kind: Kind, subject: String, since date: Date, _ database: Database) throws -> Bool {
    try Bool.fetchOne(
      database,
      cached: """
        SELECT EXISTS (
          SELECT 1 FROM outgoing_mail JOIN letter_body ON letter_body.id = outgoing_mail.letter_body_id
          WHERE kind = ? AND date > ? AND is_urgent = 1 AND letter_body.subject = ?)
        """,
      arguments: [kind.rawValue, date.milliseconds, subject]
    ) ?? false
  }

  /// How many letters of some kinds, which overtake digests, were queued to an address since `date`.
  static func count(
    _ kinds: [Kind],
    to address: EmailAddress,
    since date: Date,
    _ database: Database
  ) throws -> Int {
    try Int.fetchOne(
      database,
      cached: """
        SELECT count(*) FROM outgoing_mail
        WHERE lower(recipient) = ? AND is_urgent = 1 AND date > ? AND kind IN (SELECT value FROM json_each(?))
        """,
      arguments: [
        address.key, date.milliseconds, "[\(kinds.map { "\"\($0.rawValue)\"" }.joined(separator: ","))]",
      ]
    ) ?? 0
  }
}

/// A professional reader signs in with a link that works once, and not for long.
enum SignInLink {
  /// An hour: some mail servers make strangers wait.
  static let lifetime: TimeInterval = 3_600
}

extension Duration {
  var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
