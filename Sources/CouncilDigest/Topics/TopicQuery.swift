import Foundation

/// What a person wants to hear about, read from what they typed: words and "phrases", all of which a meeting must have.
/// Words match by stem, whatever their case and diacritics.
struct TopicQuery: Hashable, Sendable, CustomStringConvertible {
  enum Term: Hashable, Sendable {
    case word(String)
    /// At least one word, in this order and next to each other.
    case phrase([String])
  }

  let terms: [Term]

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
    var terms: [Term] = []
    // Every second part stands between quotation marks, straight or as word processors make them.
    let parts = text.split(omittingEmptySubsequences: false) { "\"“”„«»".contains($0) }
    guard parts.count % 2 == 1 else {
      throw Problem(description: "A quotation mark is missing: put one before and one after each phrase")
    }
    for (index, part) in parts.enumerated() {
      let words = part.split(whereSeparator: \.isWhitespace).map(String.init)
      if index % 2 == 1 {
        let spoken = words.filter(Self.hasLetterOrDigit)
        if !spoken.isEmpty { terms.append(.phrase(spoken)) }
      } else {
        for word in words where Self.hasLetterOrDigit(word) { terms.append(.word(try Self.plain(word))) }
      }
    }
    var seen: Set<Term> = []
    self.terms = terms.filter { seen.insert($0).inserted }
    guard !terms.isEmpty else { throw Problem(description: "Type a word or a \"phrase\" to look for") }
    guard self.terms.count <= Self.maximumTerms else {
      throw Problem(description: "Use at most \(Self.maximumTerms) words and phrases; this has \(self.terms.count)")
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
      return "\"\(text.replacing("\"", with: "\"\""))\""
    }.joined(separator: " AND ")
  }

  private static func hasLetterOrDigit(_ word: String) -> Bool { word.contains { $0.isLetter || $0.isNumber } }

  /// What means something in other query languages is not taken for a word in silence.
  private static func plain(_ word: String) throws(Problem) -> String {
    guard !["AND", "OR", "NOT"].contains(word) else {
      throw Problem(
        description: "\(word) has no meaning here: all words must occur. Follow each wish as a query of its own"
      )
    }
    let isOperator = word.hasPrefix("-") || word.hasSuffix("*") || word.contains { "():".contains($0) }
    guard !isOperator else {
      throw Problem(
        description: "Use words and \"phrases\" only: “\(word.prefix(60))” has a sign that means nothing here"
      )
    }
    return word.trimmingCharacters(in: .punctuationCharacters)
  }
}
