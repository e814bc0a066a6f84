extension TopicQuery: CustomStringConvertible {
  /// The same query is always the same text, and reads back as itself.
  var description: String { root.text }

  /// A query's text inside a sentence: in quotation marks, those of its phrases single.
  static func quoted(_ text: String) -> String {
    let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
    let inner = parts.enumerated().map { index, part in index % 2 == 1 ? "‘\(part)’" : String(part) }
    return "“\(inner.joined())”"
  }
}

extension TopicQuery.Group {
  fileprivate var text: String {
    (required.map(\.text) + excluded.map { "-\($0.unitText)" }).joined(separator: " ")
  }
}

extension TopicQuery.Clause {
  fileprivate var text: String {
    switch self {
    case .word(let word): Self.operators.contains(word) ? "\"\(word)\"" : word
    case .prefix(let word): "\(word)*"
    case .phrase(let words): Self.quote(words)
    case .council(let slug): "council:\(slug)"
    case .committee(let words): "committee:\(Self.quote(words))"
    case .person(let words): "person:\(Self.quote(words))"
    case .any(let clauses): clauses.map(\.unitText).joined(separator: " OR ")
    case .group(let group): "(\(group.text))"
    }
  }

  /// Where it must hold together.
  fileprivate var unitText: String {
    if case .any = self { return "(\(text))" }
    return text
  }

  private static let operators: Set<String> = ["OR", "AND", "NOT"]

  private static func quote(_ words: [String]) -> String { "\"\(words.joined(separator: " "))\"" }
}
