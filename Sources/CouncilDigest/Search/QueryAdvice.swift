/// What may help whoever typed a query and does not know the language.
enum QueryAdvice {
  struct Advice: Equatable, Sendable {
    var sentence: String
    /// A query to try instead.
    var instead: String?
  }

  static func advice(on text: String, _ query: TopicQuery, found: Int) -> [Advice] {
    var advice: [Advice] = []
    let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
    if words.dropFirst().dropLast().contains("or") {
      let instead = words.map { $0 == "or" ? "OR" : $0 }.joined(separator: " ")
      advice.append(Advice(sentence: "To find either of two words, write OR in capitals:", instead: checked(instead)))
    }
    guard found == 0 else { return advice }
    let capitals = query.root.leaves.compactMap { clause -> String? in
      guard case .word(let word) = clause, TopicQuery.isInCapitals(word) else { return nil }
      return word
    }
    if !capitals.isEmpty {
      advice.append(
        Advice(
          sentence: "\(list(capitals)) in capitals finds only capitals. In small letters it finds both:",
          instead: checked(text.lowercasingWords(capitals))
        )
      )
    }
    let plain = query.root.required.compactMap { clause -> String? in
      guard case .word(let word) = clause else { return nil }
      return word
    }
    if plain.count > 1, plain.count == query.root.required.count {
      advice.append(
        Advice(
          sentence: "A meeting must have all of your words. To find meetings that have any of them:",
          instead: checked(plain.joined(separator: " OR "))
        )
      )
    }
    return advice
  }

  private static func list(_ words: [String]) -> String { words.map { "“\($0)”" }.joined(separator: ", ") }

  private static func checked(_ text: String) -> String? { (try? TopicQuery(parsing: text))?.description }
}

extension String {
  fileprivate func lowercasingWords(_ words: [String]) -> String {
    words.reduce(self) { $0.replacing($1, with: $1.lowercased()) }
  }
}
