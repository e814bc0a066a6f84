import Foundation

/// What came back about a letter, read from a raw message: an RFC 3464 report, an RFC 5965 complaint, or the prose of
/// the many that follow no standard.
public struct BounceReport: Equatable, Sendable {
  public enum Kind: String, CaseIterable, Sendable {
    /// It will never arrive there: the class of the status is 5, whatever the report calls its action.
    case hard
    /// It did not arrive this time.
    case soft
    /// The reader, or their provider, says that they don't want it.
    case complaint
  }

  public var kind: Kind
  /// RFC 3463, when there was one or the words are as clear as one.
  public var status: String?
  /// The status is this reader's guess from prose: no server gave it, as a field of a report or in a reply. It tells
  /// what to count, and is too little to act on at once.
  public var isStatusInferred = false
  /// Whose mailbox it is about, as the report writes it.
  public var recipient: String?
  /// The other end's words, at most 500 characters, on one line.
  public var diagnostic: String

  /// A relay's own answer; its words say what its code does not.
  public init(refusal reply: Reply) {
    let isPermanent = reply.code >= 500
    let isOfItsClass = { (status: String) in (status.first == "5") == isPermanent }
    let given = (reply.status ?? BounceStatus.find(in: reply.text)).flatMap { isOfItsClass($0) ? $0 : nil }
    // Words about a mailbox do not make a temporary answer permanent.
    let inferred = BouncePhrases.finding(in: BounceWords(reply.text), code: reply.code).flatMap {
      isOfItsClass($0) ? $0 : nil
    }
    self.init(
      kind: isPermanent ? .hard : .soft,
      status: given ?? inferred,
      isStatusInferred: given == nil && inferred != nil,
      diagnostic: reply.text
    )
  }

  /// What a raw message turned out to be.
  public enum Reading: Equatable, Sendable {
    case bounces([BounceReport], Original)
    /// Auto-replies, delays, reports of success, and mail that has nothing to do with bounces.
    case nothing(because: String)
  }

  /// What the message says about the letter it came back for.
  public struct Original: Equatable, Sendable {
    /// Without angle brackets; what was returned before what was referred to. At most 20.
    public var messageIDs: [String]
    /// Where the report went: with VERP, that names the letter. At most 20.
    public var returnAddresses: [String]
  }

  public init(
    kind: Kind,
    status: String? = nil,
    isStatusInferred: Bool = false,
    recipient: String? = nil,
    diagnostic: String = ""
  ) {
    self.kind = kind
    self.status = status
    self.isStatusInferred = isStatusInferred
    self.recipient = recipient
    self.diagnostic = String(diagnostic.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(500))
  }

  /// Reads a raw message of any origin; never fails, and takes time in proportion to its first half megabyte.
  public static func read(_ message: [UInt8]) -> Reading {
    let root = MIMEPart(parsing: message)
    let parts = root.descendants
    var original = ReturnedLetter.original(root, parts)
    if let notice = ProviderNotice.read(root) {
      original.messageIDs = notice.messageIDs
      return notice.reports.isEmpty ? reportsNoFailure : .bounces(notice.reports, original)
    }
    if let complaint = FeedbackReport.read(root, parts) {
      return complaint.map { .bounces([$0], original) } ?? notComplaint
    }
    if let reports = DeliveryStatus.read(root) {
      return reports.isEmpty ? reportsNoFailure : .bounces(reports, original)
    }
    if AutoReply.isOne(root) { return .nothing(because: "it is an automatic reply") }
    return BounceProse.read(root).map { .bounces($0, original) }
      ?? .nothing(because: "it does not read like a bounce")
  }

  private static let reportsNoFailure = Reading.nothing(because: "it reports no failure")

  private static let notComplaint = Reading.nothing(because: "the feedback is no complaint")
}
