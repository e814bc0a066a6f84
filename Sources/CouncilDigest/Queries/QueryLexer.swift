import Foundation

/// A piece of a query's text that means something.
struct QueryLexeme: Equatable, Sendable {
  enum Kind: Equatable, Sendable {
    case word(String)
    case prefix(String)
    case phrase([String])
    case council(String)
    case committee([String])
    case person([String])
    case or
    case minus
    case open
    case close
  }

  var kind: Kind
  /// Which scalars of the query's text it is.
  var range: Range<Int>
}

/// A query's text by its scalars, for reading it and for pointing into it.
struct QueryText: Sendable {
  let scalars: [Unicode.Scalar]

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  /// Counts characters from the beginning, so it is asked for only when there is a problem.
  func place(_ range: Range<Int>) -> QueryProblem.Place {
    QueryProblem.Place(
      text: String(String.UnicodeScalarView(scalars[range].prefix(60))),
      offset: String(String.UnicodeScalarView(scalars[..<range.lowerBound])).count
    )
  }
}

/// Takes a query's text apart. What was pasted from a word processor is read as what it looks like: curly quotation
/// marks, long dashes, spaces of any kind. Signs that mean nothing to anyone are passed over.
struct QueryLexer {
  private let text: QueryText
  private var index = 0

  static func lexemes(of text: QueryText) throws(QueryProblem) -> [QueryLexeme] {
    var lexer = QueryLexer(text: text)
    var lexemes: [QueryLexeme] = []
    while let lexeme = try lexer.next() { lexemes.append(lexeme) }
    return lexemes
  }

  private init(text: QueryText) { self.text = text }

  private var scalars: [Unicode.Scalar] { text.scalars }

  private static let quotationMarks = Set("\"“”„‟«»＂".unicodeScalars)
  private static let minuses = Set("-−–‐".unicodeScalars)
  /// Beside letters, marks and digits, what stands inside words.
  private static let inner = Set("-‐‑–'’&/.+#".unicodeScalars)
  private static let star: Unicode.Scalar = "*"

  private mutating func next() throws(QueryProblem) -> QueryLexeme? {
    while index < scalars.count {
      let start = index
      let scalar = scalars[index]
      if scalar.isBlank {
        index += 1
      } else if Self.quotationMarks.contains(scalar) {
        if let kind = Self.phrase(try phrase()) { return lexeme(kind, from: start) }
      } else if scalar == "(" || scalar == ")" {
        index += 1
        return lexeme(scalar == "(" ? .open : .close, from: start)
      } else if Self.minuses.contains(scalar) {
        index += 1
        if excludesWhatFollows { return lexeme(.minus, from: start) }
      } else if let kind = try term() {
        return lexeme(kind, from: start)
      }
    }
    return nil
  }

  /// A dash between spaces is punctuation.
  private var excludesWhatFollows: Bool {
    guard index < scalars.count else { return false }
    let scalar = scalars[index]
    return scalar == "(" || Self.quotationMarks.contains(scalar) || scalar.isWordPart
  }

  /// Up to the closing quotation mark, without it.
  private mutating func phrase() throws(QueryProblem) -> [String] {
    let start = index
    index += 1
    while index < scalars.count, !Self.quotationMarks.contains(scalars[index]) { index += 1 }
    guard index < scalars.count else {
      throw QueryProblem("Put a second quotation mark where the phrase ends", at: place(start..<start + 1))
    }
    defer { index += 1 }
    if let star = scalars[start..<index].firstIndex(of: Self.star) {
      throw QueryProblem("A star means nothing between quotation marks; leave it out", at: place(star..<star + 1))
    }
    return Self.words(scalars[(start + 1)..<index])
  }

  private static func phrase(_ words: [String]) -> QueryLexeme.Kind? {
    switch words.count {
    case 0: nil
    case 1: .word(words[0])
    default: .phrase(words)
    }
  }

  /// What stands between spaces, quotation marks and brackets; nil when nothing of it is a word.
  private mutating func term() throws(QueryProblem) -> QueryLexeme.Kind? {
    let start = index
    while index < scalars.count, !Self.endsTerm(scalars[index]) { index += 1 }
    let raw = scalars[start..<index]
    if let colon = raw.firstIndex(of: ":"), let kind = try filter(raw, colon) { return kind }
    if let star = raw.firstIndex(of: Self.star) { return try prefix(raw, star) }
    switch String(String.UnicodeScalarView(raw)) {
    case "OR", "|", "||": return .or
    case "AND": return nil
    case "NOT":
      throw QueryProblem("Put a minus right before what you don’t want, like -parking", at: place(start..<index))
    default: break
    }
    return Self.phrase(Self.words(raw))
  }

  private static func endsTerm(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isBlank || scalar == "(" || scalar == ")" || quotationMarks.contains(scalar)
  }

  /// - Returns: nil for a colon that is no filter's.
  private mutating func filter(
    _ raw: ArraySlice<Unicode.Scalar>,
    _ colon: Int
  ) throws(QueryProblem) -> QueryLexeme.Kind? {
    let name = String(String.UnicodeScalarView(raw[..<colon])).lowercased()
    let whole = raw.startIndex..<raw.endIndex
    var words = Self.word(raw[(colon + 1)...]).isEmpty ? [] : [Self.word(raw[(colon + 1)...])]
    let isQuoted = words.isEmpty && index < scalars.count && Self.quotationMarks.contains(scalars[index])
    guard ["council", "committee", "person"].contains(name) else {
      let isName = !name.isEmpty && name.unicodeScalars.allSatisfy(\.properties.isAlphabetic)
      guard isName, !words.isEmpty || isQuoted else { return nil }
      throw QueryProblem("There is no such filter; there are council:, committee: and person:", at: place(whole))
    }
    if isQuoted { words = try phrase() }
    guard !words.isEmpty else {
      throw QueryProblem("Put the name right behind the colon, like \(Self.example(name))", at: place(whole))
    }
    if let star = raw.firstIndex(of: Self.star) {
      throw QueryProblem("A star means nothing in a filter; leave it out", at: place(star..<star + 1))
    }
    switch name {
    case "committee": return .committee(words)
    case "person": return .person(words)
    default:
      guard words.count == 1, let slug = Slug(words[0].lowercased()) else {
        throw QueryProblem(
          "Use the name in the address of the council’s page, like \(Self.example(name))",
          at: place(whole)
        )
      }
      return .council(slug.description)
    }
  }

  private static func example(_ filter: String) -> String {
    switch filter {
    case "council": "council:worcestershire-county-council"
    case "committee": "committee:\"Planning Committee\""
    default: "person:\"Jane Smith\""
    }
  }

  private func prefix(_ raw: ArraySlice<Unicode.Scalar>, _ star: Int) throws(QueryProblem) -> QueryLexeme.Kind {
    let word = Self.word(raw[..<star])
    guard star == raw.endIndex - 1, !word.isEmpty else {
      throw QueryProblem(
        "A star belongs at the end of a word’s beginning, like hous*",
        at: place(star..<star + 1)
      )
    }
    let whole = raw.startIndex..<raw.endIndex
    guard word.unicodeScalars.allSatisfy(\.isWordPart) else {
      throw QueryProblem("Before a star put letters and digits only, like hous*", at: place(whole))
    }
    guard word.count >= TopicQuery.minimumPrefixCharacters else {
      throw QueryProblem(
        "Put at least \(TopicQuery.minimumPrefixCharacters) letters before the star, like hous*",
        at: place(whole)
      )
    }
    return .prefix(word)
  }

  // MARK: Words

  /// The words of it: 14:00 is two side by side, as it is in the texts.
  private static func words(_ raw: ArraySlice<Unicode.Scalar>) -> [String] {
    raw.split { !$0.isWordPart && !inner.contains($0) && $0.properties.generalCategory != .format }.map(word)
      .filter { !$0.isEmpty }
  }

  /// What of it is a word: empty when there is no letter or digit.
  private static func word(_ raw: ArraySlice<Unicode.Scalar>) -> String {
    let kept = raw.filter { $0.isWordPart || inner.contains($0) }
    guard kept.contains(where: \.isLetterOrNumber) else { return "" }
    return String(String.UnicodeScalarView(kept)).trimmingCharacters(in: .punctuationCharacters)
  }

  // MARK: Places

  private func lexeme(_ kind: QueryLexeme.Kind, from start: Int) -> QueryLexeme {
    QueryLexeme(kind: kind, range: start..<index)
  }

  private func place(_ range: Range<Int>) -> QueryProblem.Place { text.place(range) }
}

extension Unicode.Scalar {
  var isBlank: Bool { value < 0x80 ? value == 0x20 || (0x09...0x0D).contains(value) : properties.isWhitespace }

  /// As SQLite's `unicode61` sees it.
  var isLetterOrNumber: Bool {
    // To look for properties takes many times as long.
    if value < 0x80 { return isASCIILetter || (0x30...0x39).contains(value) }
    return switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber:
      true
    default: false
    }
  }

  var isWordPart: Bool { isLetterOrNumber || (value >= 0x80 && properties.generalCategory == .nonspacingMark) }

  var isLetter: Bool { value < 0x80 ? isASCIILetter : properties.isAlphabetic }

  var isCapital: Bool { value < 0x80 ? (0x41...0x5A).contains(value) : properties.isUppercase }

  private var isASCIILetter: Bool { (0x41...0x5A).contains(value & ~0x20) }
}
