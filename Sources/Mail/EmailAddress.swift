import Foundation

/// An address mail can be sent to. Made only by parsing, so no control character, space or second recipient can hide
/// in one (libcurl 7.88 passes CR and LF on to the server).
public struct EmailAddress: Hashable, Sendable, CustomStringConvertible {
  /// What is wrong with a text that is not an address, as a sentence for the person who typed it.
  public struct Problem: Error, Equatable, Sendable, CustomStringConvertible {
    public var description: String
  }

  /// As typed, normalised to NFC; its case is kept for sending.
  public let localPart: String
  /// Lower case, in A-labels (RFC 5891).
  public let domain: String

  public var description: String { "\(localPart)@\(domain)" }

  /// The form under which an address is unique: the whole of it in lower case.
  public var key: String { description.lowercased() }

  /// The HTML standard's e-mail rule, without its slack: no leading, trailing or double dot, a dot in the domain, a
  /// top-level domain that is not a number, and the lengths of RFC 5321 §4.5.3.1.
  public init(parsing text: String) throws(Problem) {
    // Most addresses need neither.
    let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    let trimmed = isPlain ? text : text.trimmingCharacters(in: .whitespaces).precomposedStringWithCanonicalMapping
    guard !trimmed.isEmpty else { throw Problem(description: "Enter an email address") }
    let scalars = trimmed.unicodeScalars
    guard scalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }), !scalars.contains(",") else {
      throw Problem(description: "An email address has no spaces or commas")
    }
    guard let at = trimmed.utf8.firstIndex(of: UInt8(ascii: "@")), at == trimmed.utf8.lastIndex(of: UInt8(ascii: "@"))
    else { throw Problem(description: "Enter an email address in the correct format, like name@example.org") }
    localPart = try Self.checkedLocalPart(trimmed[..<at])
    domain = try Self.checkedDomain(String(trimmed[trimmed.utf8.index(after: at)...]))
    guard localPart.utf8.count + 1 + domain.utf8.count <= 254 else {
      throw Problem(description: "The email address is too long")
    }
  }

  private static func checkedLocalPart(_ text: Substring) throws(Problem) -> String {
    guard isDotAtom(text.utf8) else {
      throw Problem(description: "The part before the @ has a character or a dot that we can’t send to")
    }
    guard text.utf8.count <= 64 else { throw Problem(description: "The part before the @ is too long") }
    return String(text)
  }

  /// RFC 5322 §3.2.3: atoms with a dot between two of them.
  private static func isDotAtom(_ text: Substring.UTF8View) -> Bool {
    var before = UInt8(ascii: ".")
    for byte in text {
      guard isLocalByte(byte), byte != UInt8(ascii: ".") || before != byte else { return false }
      before = byte
    }
    return before != UInt8(ascii: ".")
  }

  private static func checkedDomain(_ text: String) throws(Problem) -> String {
    let domain = try labels(of: text)
    let labels = domain.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard labels.count > 1, domain.utf8.count <= 253, labels.allSatisfy(isDomainLabel),
      labels.last?.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) == false
    else { throw Problem(description: "The part after the @ is not a domain, like example.org") }
    return domain
  }

  /// Internationalised labels become A-labels; plain ASCII passes unchanged but for case.
  private static func labels(of text: String) throws(Problem) -> String {
    guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text.lowercased() }
    // A slash, a colon or another @ would make something else of the address it is put into.
    guard text.utf8.allSatisfy({ $0 >= 0x80 || isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E }) else {
      throw Problem(description: "The part after the @ is not a domain, like example.org")
    }
    guard let host = URLComponents(string: "http://\(text)/")?.encodedHost, host.utf8.allSatisfy({ $0 < 0x80 })
    else { throw Problem(description: "The part after the @ is not a domain, like example.org") }
    return host.lowercased()
  }

  private static func isDomainLabel(_ label: Substring.UTF8View) -> Bool {
    (1...63).contains(label.count) && label.first != 0x2D && label.last != 0x2D
      && label.allSatisfy { isAlphanumeric($0) || $0 == 0x2D }
  }

  private static func isLocalByte(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || (byte < 0x80 && localMarks[Int(byte)])
  }

  private static let localMarks: [Bool] = {
    let marks = Set(".!#$%&'*+/=?^_`{|}~-".utf8)
    return (0..<0x80).map(marks.contains)
  }()
}

func isAlphanumeric(_ byte: UInt8) -> Bool {
  (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
}
