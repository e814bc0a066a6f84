import GRDB

/// Splits a text into words for search: SQLite's `unicode61` finds them and folds case and diacritics, its Porter
/// stemmer shortens them.
///
/// A word of a document is up to three tokens at one place: its stem; the whole word, which prefixes are looked for in,
/// because a stem is not what its word begins with ("happi" of "happy"); and, when it is written in capitals, that. The
/// latter two begin with a mark that no text has. A query is the token it asks for: words become stems, and what bears
/// a mark stays as it is.
final class WordTokenizer: FTS5CustomTokenizer {
  static let name = "words"

  /// What a token begins with that is no stem: private-use characters, which count as letters when a text is split.
  enum Mark {
    static let whole: Unicode.Scalar = "\u{E000}"
    static let capitals: Unicode.Scalar = "\u{E001}"
    /// Something that is one token whatever it is made of, such as a slug.
    static let verbatim: Unicode.Scalar = "\u{E002}"
    /// Stands for the hyphens of a slug.
    static let hyphen: Unicode.Scalar = "\u{E003}"

    /// A text that is about to be indexed must not pretend to be marked.
    static func strip(_ text: String) -> String {
      guard text.unicodeScalars.contains(where: isMark) else { return text }
      return String(String.UnicodeScalarView(text.unicodeScalars.filter { !isMark($0) }))
    }

    /// Of a slug.
    static func verbatim(_ slug: String) -> String {
      "\(verbatim)" + slug.replacing("-", with: String(hyphen))
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool { (whole.value...hyphen.value).contains(scalar.value) }

    /// Each begins with these bytes in UTF-8.
    fileprivate static let firstBytes: [UInt8] = [0xEE, 0x80]
    fileprivate static let wholeBytes = Array(String(whole).utf8)
    fileprivate static let capitalsBytes = Array(String(capitals).utf8)
  }

  private let splitter: any FTS5Tokenizer
  private let stemmer: any FTS5Tokenizer
  private var stems: [String: String] = [:]

  /// Distinct words whose stems are remembered.
  private static let maximumStems = 65_536

  init(db database: Database, arguments: [String] = []) throws {
    splitter = try database.makeTokenizer(Self.unicode)
    stemmer = try database.makeTokenizer(.porter(wrapping: Self.unicode))
  }

  private static let unicode = FTS5TokenizerDescriptor.unicode61(diacritics: .remove)

  // MARK: For FTS5

  func tokenize(
    context: UnsafeMutableRawPointer?,
    tokenization: FTS5Tokenization,
    pText: UnsafePointer<CChar>?,
    nText: CInt,
    tokenCallback: @escaping FTS5TokenCallback
  ) -> CInt {
    guard let pText else { return Self.ok }
    let text = UnsafeBufferPointer(start: pText, count: Int(nText))
    let isDocument = tokenization.contains(.document) || tokenization.contains(.aux)
    var marked: [UInt8] = []
    func emit(_ token: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, isFirst: Bool) -> CInt {
      token.withMemoryRebound(to: CChar.self) { token in
        let flags = isFirst ? 0 : FTS5TokenFlags.colocated.rawValue
        return tokenCallback(
          context,
          flags,
          token.baseAddress,
          CInt(token.count),
          CInt(range.lowerBound),
          CInt(range.upperBound)
        )
      }
    }
    return split(text, tokenization) { folded, range in
      if Self.isMarked(folded) { return emit(folded, range, isFirst: true) }
      var stem = stem(of: String(decoding: folded, as: UTF8.self))
      let code = stem.withUTF8 { emit($0, range, isFirst: true) }
      guard code == Self.ok, isDocument else { return code }
      marked.replaceSubrange(0..<marked.count, with: Mark.wholeBytes)
      marked.append(contentsOf: folded)
      let whole = marked.withUnsafeBufferPointer { emit($0, range, isFirst: false) }
      guard whole == Self.ok, Self.isInCapitals(text, range) else { return whole }
      marked.replaceSubrange(0..<Mark.wholeBytes.count, with: Mark.capitalsBytes)
      return marked.withUnsafeBufferPointer { emit($0, range, isFirst: false) }
    }
  }

  // MARK: For an index of our own

  /// Calls `body` with each word of a document in turn: folded, in which bytes of the text it stands, and whether in
  /// capitals.
  func eachWord(
    of text: String,
    _ body: (_ folded: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ isInCapitals: Bool) -> Void
  ) {
    var text = text
    text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        _ = split(characters, .document) { folded, range in
          body(folded, range, Self.isInCapitals(characters, range))
          return Self.ok
        }
      }
    }
  }

  /// The tokens that a piece of a query asks for, side by side.
  func tokens(ofQuery text: String) -> [String] {
    var tokens: [String] = []
    var text = text
    text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        _ = split(characters, .query) { folded, _ in
          let token = String(decoding: folded, as: UTF8.self)
          tokens.append(Self.isMarked(folded) ? token : stem(of: token))
          return Self.ok
        }
      }
    }
    return tokens
  }

  /// - Parameter folded: one word.
  func stem(of folded: String) -> String {
    if let known = stems[folded] { return known }
    var stem = folded
    var word = IrregularForms.regular(folded) ?? folded
    word.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        _ = Self.tokenize(characters, .document, stemmer) { shortened, _ in
          stem = String(decoding: shortened, as: UTF8.self)
          return Self.ok
        }
      }
    }
    if stems.count >= Self.maximumStems { stems = [:] }
    stems[folded] = stem
    return stem
  }

  // MARK: Splitting

  private typealias Visit = (_ folded: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> CInt

  private static let ok: CInt = 0

  private func split(
    _ text: UnsafeBufferPointer<CChar>,
    _ tokenization: FTS5Tokenization,
    _ visit: Visit
  ) -> CInt {
    Self.tokenize(text, tokenization, splitter, visit)
  }

  private static func tokenize(
    _ text: UnsafeBufferPointer<CChar>,
    _ tokenization: FTS5Tokenization,
    _ tokenizer: any FTS5Tokenizer,
    _ visit: Visit
  ) -> CInt {
    withoutActuallyEscaping(visit) { visit in
      var visit = visit
      return withUnsafeMutablePointer(to: &visit) { pointer in
        tokenizer.tokenize(
          context: pointer,
          tokenization: tokenization,
          pText: text.baseAddress,
          nText: CInt(text.count),
          tokenCallback: { context, _, token, count, start, end in
            guard let context, let token else { return 0 }
            let visit = context.assumingMemoryBound(to: Visit.self).pointee
            return UnsafeBufferPointer(start: token, count: Int(count)).withMemoryRebound(to: UInt8.self) { token in
              visit(token, Int(start)..<Int(end))
            }
          }
        )
      }
    }
  }

  private static func isMarked(_ token: UnsafeBufferPointer<UInt8>) -> Bool {
    token.count > 2 && token[0] == Mark.firstBytes[0] && token[1] == Mark.firstBytes[1]
  }

  /// Whether what stands there has a capital letter and no small one.
  private static func isInCapitals(_ text: UnsafeBufferPointer<CChar>, _ range: Range<Int>) -> Bool {
    var hasCapital = false
    for index in range {
      let byte = UInt8(bitPattern: text[index])
      guard byte < 0x80 else {
        return isInCapitals(String(decoding: text[range].map(UInt8.init(bitPattern:)), as: UTF8.self))
      }
      if byte >= 0x61, byte <= 0x7A { return false }
      if byte >= 0x41, byte <= 0x5A { hasCapital = true }
    }
    return hasCapital
  }

  private static func isInCapitals(_ word: String) -> Bool {
    word.unicodeScalars.contains(where: \.properties.isUppercase)
      && !word.unicodeScalars.contains(where: \.properties.isLowercase)
  }
}
