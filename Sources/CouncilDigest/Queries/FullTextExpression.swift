import Foundation

/// What a word, phrase or filter of a query looks for: tokens side by side, in any column or in one.
struct SoughtPhrase: Hashable, Sendable {
  enum Column: String, CaseIterable, Sendable {
    case council, title, summary, attendees, documents
    /// In the index of a few texts only; what everyone searches has none.
    case transcript
  }

  /// For `WordTokenizer`: splits into the tokens.
  var text: String
  /// Whether the last token may go on.
  var isPrefix = false
  var column: Column?
}

extension TopicQuery.Clause {
  /// Of a word, phrase or filter; nil for what is made of several.
  var sought: SoughtPhrase? {
    switch self {
    case .word(let word): SoughtPhrase(text: Self.marked(word))
    case .phrase(let words): SoughtPhrase(text: words.map(Self.marked).joined(separator: " "))
    case .prefix(let word):
      SoughtPhrase(
        text: TopicQuery.isInCapitals(word) ? Self.marked(word) : "\(WordTokenizer.Mark.whole)\(word)",
        isPrefix: true
      )
    case .council(let slug): SoughtPhrase(text: WordTokenizer.Mark.verbatim(slug), column: .council)
    case .committee(let words): SoughtPhrase(text: words.joined(separator: " "), column: .title)
    case .person(let words): SoughtPhrase(text: words.joined(separator: " "), column: .attendees)
    case .any, .group: nil
    }
  }

  /// Each part of a word in capitals that has a letter is marked, so that it is found in capitals only.
  private static func marked(_ word: String) -> String {
    guard TopicQuery.isInCapitals(word) else { return word }
    return word.unicodeScalars.split { !$0.isWordPart }.map { part in
      let hasLetter = part.contains(where: \.isLetter)
      return (hasLetter ? "\(WordTokenizer.Mark.capitals)" : "") + String(String.UnicodeScalarView(part))
    }.joined(separator: " ")
  }
}

extension TopicQuery {
  /// For FTS5's MATCH, as a bound value: each phrase is a string of that language, so nothing that was typed is an
  /// operator.
  var fullTextExpression: String { root.expression }
}

extension TopicQuery.Group {
  fileprivate var expression: String {
    let wanted = required.map(\.expression).joined(separator: " AND ")
    guard !excluded.isEmpty else { return wanted }
    return "(\(wanted)) NOT (\(excluded.map(\.expression).joined(separator: " OR ")))"
  }
}

extension TopicQuery.Clause {
  fileprivate var expression: String {
    switch self {
    case .any(let clauses): "(\(clauses.map(\.expression).joined(separator: " OR ")))"
    case .group(let group): "(\(group.expression))"
    case .word, .prefix, .phrase, .council, .committee, .person: sought?.expression ?? ""
    }
  }
}

extension SoughtPhrase {
  fileprivate var expression: String {
    let phrase = "\"\(text)\"\(isPrefix ? " *" : "")"
    return column.map { "\($0.rawValue) : \(phrase)" } ?? phrase
  }
}
