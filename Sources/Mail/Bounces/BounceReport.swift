import Foundation

/// What came back about a letter, read from a raw message: an RFC 3464 report, an RFC 5965 complaint, or the prose of the
/// many that follow no standard.
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
  /// Whose mailbox it is about, as the report writes it.
  public var recipient: String?
  /// The other end's words, at most 500 characters, on one line.
  public var diagnostic: String

  /// A relay's own answer; its words say what its code does not.
  public init(refusal reply: Reply) {
    let said = reply.status ?? BounceStatus.find(in: reply.text) ?? BounceProse.status(of: reply.text)
    let isPermanent = reply.code >= 500
    // Words about a mailbox do not make a temporary answer permanent.
    let status = said.flatMap { ($0.first == "5") == isPermanent ? $0 : nil }
    self.init(kind: isPermanent ? .hard : .soft, status: status, diagnostic: reply.text)
  }

  /// What a raw message turned out to be.
  public enum Reading: Equatable, Sendable {
    case bounces([BounceReport], Original)
    /// Auto-replies, delays, reports of success, and mail that has nothing to do with bounces.
    case nothing(because: String)
  }

  /// What the message says about the letter it came back for.
  public struct Original: Equatable, Sendable {
    /// Without angle brackets.
    public var messageIDs: [String]
    /// Where the report went: with VERP, that names the letter.
    public var returnAddresses: [String]
  }

  public init(kind: Kind, status: String? = nil, recipient: String? = nil, diagnostic: String = "") {
    self.kind = kind
    self.status = status
    self.recipient = recipient
    self.diagnostic = String(diagnostic.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(500))
  }

  /// Reads a raw message of any origin; never fails, and takes time in proportion to its first half megabyte.
  public static func read(_ message: [UInt8]) -> Reading {
    let root = MIMEPart(parsing: message)
    let parts = root.descendants
    let original = original(root, parts)
    if let complaint = FeedbackReport.read(root, parts) {
      return complaint.map { .bounces([$0], original) } ?? notComplaint
    }
    if let reports = DeliveryStatus.read(root, parts) {
      return reports.isEmpty ? .nothing(because: "it reports no failure") : .bounces(reports, original)
    }
    if AutoReply.isOne(root) { return .nothing(because: "it is an automatic reply") }
    return BounceProse.read(root, parts).map { .bounces($0, original) }
      ?? .nothing(because: "it does not read like a bounce")
  }

  private static let notComplaint = Reading.nothing(because: "the feedback is no complaint")

  private static func original(_ root: MIMEPart, _ parts: [MIMEPart]) -> Original {
    let returned = parts.dropFirst().flatMap { part in
      // Some return the header of the letter as a text.
      part.all("message-id") + MIMEPart(parsing: part.body.prefix(20_000)).all("message-id")
    }
    let quoted = parts.flatMap { BounceText.quotedMessageIDs(in: $0.text) }
    let references = root.all("in-reply-to") + root.all("references")
    let identifiers = (returned + references).flatMap(BounceText.bracketed)
    var seen: Set<String> = []
    let names = ["to", "delivered-to", "x-original-to", "envelope-to", "apparently-to", "x-envelope-to"]
    return Original(
      messageIDs: (identifiers + quoted).filter { seen.insert($0).inserted },
      returnAddresses: names.flatMap(root.all).flatMap { BounceText.addresses(in: $0) }
    )
  }
}
