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
  var place: QueryProblem.Place
}

/// Takes a query's text apart. What was pasted from a word processor is read as what it looks like: curly quotation
/// marks, long dashes, spaces of any kind. Signs that mean nothing to anyone are passed over.
struct QueryLexer {
  private let scalars: [Unicode.Scalar]
  private var index = 0

  static func lexemes(of text: String) throws(QueryProblem) -> [QueryLexeme] {
    var lexer = QueryLexer(scalars: Array(text.unicodeScalars))
    var lexemes: [QueryLexeme] = []
    while let lexeme = try lexer.next() { lexemes.append(lexeme) }
    return lexemes
  }

  private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

  private static let quotationMarks = Set("\"“”„‟«»＂".unicodeScalars)
  private static let minuses = Set("-−–‐".unicodeScalars)
  /// Beside letters, marks and digits, what stands inside words.
  private static let inner = Set("-‐‑–'’&/.+#".unicodeScalars)
  private static let star: Unicode.Scalar = "*"

  private mutating func next() throws(QueryProblem) -> QueryLexeme? {
    while index < scalars.count {
      let start = index
      let scalar = scalars[index]
      if scalar.properties.isWhitespace {
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
    return scalars[(start + 1)..<index].split(whereSeparator: \.properties.isWhitespace).map(Self.word)
      .filter { !$0.isEmpty }
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
    // 14:00 is two words side by side, as it is in the texts.
    let words = raw.split(separator: ":").map(Self.word).filter { !$0.isEmpty }
    return Self.phrase(words)
  }

  private static func endsTerm(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || scalar == "(" || scalar == ")" || quotationMarks.contains(scalar)
  }

  /// - Returns: nil for a colon that is no filter's.
  private mutating func filter(
    _ raw: ArraySlice<Unicode.Scalar>,
    _ colon: Int
  ) throws(QueryProblem) -> QueryLexeme.Kind? {
    let name = String(String.UnicodeScalarView(raw[..<colon])).lowercased()
    let whole = place(raw.startIndex..<raw.endIndex)
    var words = Self.word(raw[(colon + 1)...]).isEmpty ? [] : [Self.word(raw[(colon + 1)...])]
    let isQuoted = words.isEmpty && index < scalars.count && Self.quotationMarks.contains(scalars[index])
    guard ["council", "committee", "person"].contains(name) else {
      let isName = !name.isEmpty && name.unicodeScalars.allSatisfy(\.properties.isAlphabetic)
      guard isName, !words.isEmpty || isQuoted else { return nil }
      throw QueryProblem("There is no such filter; there are council:, committee: and person:", at: whole)
    }
    if isQuoted { words = try phrase() }
    guard !words.isEmpty else {
      throw QueryProblem("Put the name right behind the colon, like \(Self.example(name))", at: whole)
    }
    if let star = raw.firstIndex(of: Self.star) {
      throw QueryProblem("A star means nothing in a filter; leave it out", at: place(star..<star + 1))
    }
    switch name {
    case "committee": return .committee(words)
    case "person": return .person(words)
    default:
      guard words.count == 1, let slug = Slug(words[0].lowercased()) else {
        throw QueryProblem("Use the name in the address of the council’s page, like \(Self.example(name))", at: whole)
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
    let whole = place(raw.startIndex..<raw.endIndex)
    guard word.unicodeScalars.allSatisfy(\.isWordPart) else {
      throw QueryProblem("Before a star put letters and digits only, like hous*", at: whole)
    }
    guard word.count >= TopicQuery.minimumPrefixCharacters else {
      throw QueryProblem(
        "Put at least \(TopicQuery.minimumPrefixCharacters) letters before the star, like hous*",
        at: whole
      )
    }
    return .prefix(word)
  }

  // MARK: Words

  /// What of it is a word: empty when there is no letter or digit.
  private static func word(_ raw: ArraySlice<Unicode.Scalar>) -> String {
    let kept = raw.filter { $0.isWordPart || inner.contains($0) }
    guard kept.contains(where: \.isLetterOrNumber) else { return "" }
    return String(String.UnicodeScalarView(kept)).trimmingCharacters(in: .punctuationCharacters)
  }

  // MARK: Places

  private func lexeme(_ kind: QueryLexeme.Kind, from start: Int) -> QueryLexeme {
    QueryLexeme(kind: kind, place: place(start..<index))
  }

  private func place(_ range: Range<Int>) -> QueryProblem.Place {
    QueryProblem.Place(
      text: String(String.UnicodeScalarView(scalars[range].prefix(60))),
      offset: String(String.UnicodeScalarView(scalars[..<range.lowerBound])).count
    )
  }
}

extension Unicode.Scalar {
  /// As SQLite's `unicode61` sees it.
  var isLetterOrNumber: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber:
      true
    default: false
    }
  }

  var isWordPart: Bool { isLetterOrNumber || properties.generalCategory == .nonspacingMark }
}
