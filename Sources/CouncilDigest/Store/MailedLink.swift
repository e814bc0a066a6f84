import Foundation

/// What the holder of a mailed link may do. A signature for one purpose is worthless for another.
public enum LinkPurpose: String, Sendable {
  case confirmSubscription = "confirm-subscription"
  case confirmTopicRequest = "confirm-topic-request"
  case unsubscribe
  case preferences
  /// From the new address.
  case confirmAddress = "confirm-address"
  /// From the old one.
  case stopAddressChange = "stop-address-change"
  case signIn = "sign-in"
}

/// The secret part of a mailed link: key id, row id, expiry and a 128-bit HMAC over them and the purpose, in base64url.
/// Nothing of it is stored, so a queued letter can be rebuilt after a crash.
public struct MailedLink: Equatable, Sendable {
  public var purpose: LinkPurpose
  /// The row the link acts on.
  public var row: Int64
  /// Nil never expires. Whole seconds.
  public var expires: Date?

  public init(purpose: LinkPurpose, row: Int64, expires: Date? = nil) {
    self.purpose = purpose
    self.row = row
    self.expires = expires
  }

  /// What a text from an address turned out to be.
  public enum Reading: Equatable, Sendable {
    case valid(row: Int64)
    case expired(row: Int64)
    case unknown
  }

  /// The row of links in test letters, which belong to no subscriber.
  static let nobody: Int64 = 0

  private static let signatureBytes = 16

  public func token(_ keys: KeyRing, key: KeyRing.ID) -> String {
    var head: [UInt8] = []
    head.reserveCapacity(12 + Self.signatureBytes)
    for (number, count) in [(UInt64(key), 2), (UInt64(row), 6), (seconds, 4)] {
      for place in (0..<count).reversed() { head.append(UInt8(truncatingIfNeeded: number >> UInt64(place * 8))) }
    }
    guard let signature = keys.signature(of: signed(head), key: key, length: Self.signatureBytes) else {
      preconditionFailure("letters are queued with a key of the ring")
    }
    return Base64URL.encode(head + signature)
  }

  public static func read(_ token: String, for purpose: LinkPurpose, _ keys: KeyRing, now: Date) -> Reading {
    guard let data = Base64URL.decode(token), data.count == 12 + signatureBytes else { return .unknown }
    let head = data.prefix(12)
    let numbers = Array(head)
    func number(_ range: Range<Int>) -> UInt64 { numbers[range].reduce(0) { $0 << 8 | UInt64($1) } }
    let row = Int64(number(2..<8))
    let seconds = number(8..<12)
    let link = MailedLink(
      purpose: purpose,
      row: row,
      expires: seconds == 0 ? nil : Date(timeIntervalSince1970: Double(seconds))
    )
    let key = KeyRing.ID(number(0..<2))
    guard let expected = keys.signature(of: link.signed(Array(head)), key: key, length: signatureBytes),
      isEqualInConstantTime(Array(expected), Array(data.suffix(signatureBytes)))
    else { return .unknown }
    if let expires = link.expires, expires <= now { return .expired(row: row) }
    return .valid(row: row)
  }

  private var seconds: UInt64 { UInt64(expires?.timeIntervalSince1970 ?? 0) }

  private func signed(_ head: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(64)
    bytes += purpose.rawValue.utf8
    bytes.append(UInt8(ascii: ":"))
    bytes += head
    return bytes
  }
}

func isEqualInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
  guard left.count == right.count else { return false }
  return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
}
