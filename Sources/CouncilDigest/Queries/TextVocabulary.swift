extension TextIndex {
  /// The words of one stem.
  struct Stem: Sendable {
    /// The one of them that is written most.
    var word: String
    /// How many texts have any of them.
    var holders: Int
    /// How often they stand there in all.
    var times: Int
  }

  var stems: [String: Stem] {
    let names = self.names
    return families.mapValues { stem(of: $0, names) { starts[Int($0) + 1] - starts[Int($0)] } }
  }

  /// Those of one text, with how often it has them.
  func stems(in text: Int) -> [String: Stem] {
    let names = self.names
    return families.compactMapValues { words in
      guard words.contains(where: { holders[Int($0)].contains(text) }) else { return nil }
      return stem(of: words, names) { places(of: $0, in: text).count }
    }
  }

  /// Of what a query looks for.
  func stems(of sought: SoughtPhrase) -> [String] { tokenizer.tokens(ofQuery: sought.text.lowercased()) }

  private var names: [UInt32: String] { Dictionary(uniqueKeysWithValues: numbers.map { ($1, $0) }) }

  private func stem(of words: [UInt32], _ names: [UInt32: String], _ times: (UInt32) -> Int) -> Stem {
    let counted = words.map { ($0, times($0)) }
    let most = counted.max { ($0.1, $1.0) < ($1.1, $0.0) }?.0
    return Stem(
      word: most.flatMap { names[$0] } ?? "",
      holders: words.reduce(TextSet.zero) { $0 | holders[Int($1)] }.count,
      times: counted.reduce(0) { $0 + $1.1 }
    )
  }
}
