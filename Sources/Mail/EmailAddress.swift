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
    guard trimmed.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ",") }) else {
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
    guard domain.utf8.count <= 253, isDomain(domain.utf8) else {
      throw Problem(description: "The part after the @ is not a domain, like example.org")
    }
    return domain
  }

  /// Labels with a dot between two of them (RFC 1123 §2.1), two or more, of which the last is not a number.
  private static func isDomain(_ text: String.UTF8View) -> Bool {
    var labels = 1
    var length = 0
    var isNumber = true
    var before = UInt8(ascii: ".")
    for byte in text {
      if byte == UInt8(ascii: ".") {
        guard length > 0, before != UInt8(ascii: "-") else { return false }
        (labels, length, isNumber) = (labels + 1, 0, true)
      } else {
        length += 1
        guard length <= 63, isAlphanumeric(byte) || (byte == UInt8(ascii: "-") && length > 1) else { return false }
        isNumber = isNumber && byte >= 0x30 && byte <= 0x39
      }
      before = byte
    }
    return labels > 1 && length > 0 && before != UInt8(ascii: "-") && !isNumber
  }

  /// Internationalised labels become A-labels; plain ASCII passes unchanged but for case.
  private static func labels(of text: String) throws(Problem) -> String {
    guard !text.utf8.allSatisfy({ $0 < 0x80 }) else {
      return text.utf8.contains { $0 >= 0x41 && $0 <= 0x5A } ? text.lowercased() : text
    }
    // A slash, a colon or another @ would make something else of the address it is put into.
    guard text.utf8.allSatisfy({ $0 >= 0x80 || isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E }) else {
      throw Problem(description: "The part after the @ is not a domain, like example.org")
    }
    guard let host = URLComponents(string: "http://\(text)/")?.encodedHost, host.utf8.allSatisfy({ $0 < 0x80 })
    else { throw Problem(description: "The part after the @ is not a domain, like example.org") }
    return host.lowercased()
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
