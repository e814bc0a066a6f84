import Foundation

/// What a person wants to hear about, read from what they typed: words and "phrases", all of which a meeting must have.
/// Words match by stem, whatever their case and diacritics.
struct TopicQuery: Hashable, Sendable, CustomStringConvertible {
  enum Term: Hashable, Sendable {
    case word(String)
    /// At least one word, in this order and next to each other.
    case phrase([String])
  }

  private(set) var terms: [Term]

  static let maximumCharacters = 500
  static let maximumTerms = 30

  /// Why a text is no query, as a sentence for the person who typed it.
  struct Problem: Error, Equatable, CustomStringConvertible {
    var description: String
  }

  init(parsing text: String) throws(Problem) {
    guard text.count <= Self.maximumCharacters else {
      throw Problem(description: "Shorten this to \(Self.maximumCharacters) characters; it has \(text.count)")
    }
    // By scalars: a quotation mark with a combining mark is another character, and still a quotation mark to SQLite.
    let parts = text.unicodeScalars.split(omittingEmptySubsequences: false) { Self.quotationMarks.contains($0) }
    guard parts.count % 2 == 1 else {
      throw Problem(description: "A quotation mark is missing: put one before and one after each phrase")
    }
    var terms: [Term] = []
    for (index, part) in parts.enumerated() {
      let isPhrase = index % 2 == 1
      var words: [String] = []
      for raw in part.split(whereSeparator: \.properties.isWhitespace) {
        let word = Self.word(raw)
        if !isPhrase { try Self.checkIsPlain(String(raw), word) }
        if !word.isEmpty { words.append(word) }
      }
      if isPhrase, !words.isEmpty { terms.append(.phrase(words)) }
      if !isPhrase { terms += words.map(Term.word) }
    }
    var seen: Set<Term> = []
    self.terms = terms.filter { seen.insert($0).inserted }
    guard !terms.isEmpty else { throw Problem(description: "Type a word or a \"phrase\" to look for") }
    guard self.terms.count <= Self.maximumTerms else {
      throw Problem(description: "Use at most \(Self.maximumTerms) words and phrases; this has \(self.terms.count)")
    }
    guard description.count <= Self.maximumCharacters else {
      throw Problem(description: "Shorten this to \(Self.maximumCharacters) characters with its quotation marks")
    }
  }

  /// The same query is always the same text, and reads back as itself.
  var description: String {
    terms.map { term in
      switch term {
      case .word(let word): word
      case .phrase(let words): "\"\(words.joined(separator: " "))\""
      }
    }.joined(separator: " ")
  }

  /// A query's text inside a sentence: in quotation marks, those of its phrases single.
  static func quoted(_ text: String) -> String {
    let inner = text.replacing(/"([^"]*)"/) { match in "‘\(match.1)’" }
    return "“\(inner)”"
  }

  /// For FTS5's MATCH, as a bound value: each term is a string of that language, so nothing in it is an operator.
  var fullTextExpression: String {
    terms.map { term in
      let text =
        switch term {
        case .word(let word): word
        case .phrase(let words): words.joined(separator: " ")
        }
      return "\"\(text)\""
    }.joined(separator: " AND ")
  }

  /// Where an extract is looked for: a few terms are enough, and SQLite's time for it grows with the square of the hits.
  var extractExpression: String {
    var short = self
    short.terms = Array(terms.prefix(3))
    return short.fullTextExpression
  }

  private static let quotationMarks = Set("\"“”„«»".unicodeScalars)
  /// Beside letters, marks and digits, what stands inside words.
  private static let inner = Set("-–'’&/.+#".unicodeScalars)

  /// What of it is a word: nothing that means something to SQLite is left. Empty when there is no letter or digit.
  private static func word(_ raw: String.UnicodeScalarView.SubSequence) -> String {
    let kept = raw.filter { scalar in
      inner.contains(scalar) || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        || scalar.properties.generalCategory == .nonspacingMark
    }
    guard kept.contains(where: { $0.properties.isAlphabetic || $0.properties.numericType != nil }) else { return "" }
    return String(String.UnicodeScalarView(kept)).trimmingCharacters(in: .punctuationCharacters)
  }

  /// What means something in other query languages is not taken for a word in silence.
  private static func checkIsPlain(_ raw: String, _ word: String) throws(Problem) {
    guard !["AND", "OR", "NOT"].contains(word) else {
      throw Problem(
        description: "\(word) has no meaning here: all words must occur. Follow each wish as a query of its own"
      )
    }
    let isOperator =
      !word.isEmpty
      && (raw.unicodeScalars.first == "-" || raw.unicodeScalars.contains { "*():".unicodeScalars.contains($0) })
    guard !isOperator else {
      throw Problem(
        description: "Use words and \"phrases\" only: “\(raw.prefix(60))” has a sign that means nothing here"
      )
    }
  }
}
