import Foundation

/// The part of an address that names a council, a committee or a meeting: lower-case ASCII words joined by hyphens.
struct Slug: Hashable, Sendable, CustomStringConvertible {
  let description: String

  static let maximumBytes = 120
  static let rule = "A slug is lower-case letters and digits in words joined by hyphens, at most \(maximumBytes)"

  /// A slug as it stands in an address; nil when it is not one.
  init?(_ text: String) {
    let words = text.split(separator: "-", omittingEmptySubsequences: false)
    guard text.utf8.count <= Self.maximumBytes, words.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isAllowed) })
    else { return nil }
    description = text
  }

  /// The slug of a name: diacritics folded, apostrophes dropped, other marks between words. Nil when nothing is left.
  init?(naming name: String) {
    var slug = ""
    for word in Self.words(of: name) where slug.utf8.count + word.utf8.count < Self.maximumBytes {
      slug += slug.isEmpty ? String(word) : "-\(word)"
    }
    self.init(slug)
  }

  /// Why a name makes none, as a sentence.
  static func problem(naming name: String) -> String {
    words(of: name).isEmpty
      ? "Needs a letter or digit that its address can be made of"
      : "Is one long word, and its address takes words of at most \(maximumBytes - 1) letters; put spaces between its words"
  }

  private static func words(of name: String) -> [Substring] {
    name.folding(options: [.diacriticInsensitive, .caseInsensitive], locale: Locale(identifier: "en"))
      .replacing("'", with: "").replacing("’", with: "").lowercased()
      .split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
  }

  /// The slug of a path segment, or a refusal that names it.
  init(segment: String) throws {
    guard let slug = Slug(segment) else { throw Refusal.invalid([FieldProblem("slug", Self.rule)]) }
    self = slug
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7A)
  }
}
