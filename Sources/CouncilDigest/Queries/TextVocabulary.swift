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

  /// - Parameter isWanted: by how many texts have the stem.
  func stems(where isWanted: (Int) -> Bool = { _ in true }) -> [String: Stem] {
    let names = self.names
    return families.compactMapValues { words in
      let holders = words.reduce(TextSet.zero) { $0 | self.holders[Int($1)] }.count
      guard isWanted(holders) else { return nil }
      return stem(of: words, holders, names) { starts[Int($0) + 1] - starts[Int($0)] }
    }
  }

  /// Those of one text, with how often it has them.
  func stems(in text: Int) -> [String: Stem] {
    let names = self.names
    return families.compactMapValues { words in
      let holders = words.reduce(TextSet.zero) { $0 | self.holders[Int($1)] }
      guard holders.contains(text) else { return nil }
      return stem(of: words, holders.count, names) { places(of: $0, in: text).count }
    }
  }

  /// Of what a query looks for.
  func stems(of sought: SoughtPhrase) -> [String] { tokenizer.tokens(ofQuery: sought.text.lowercased()) }

  /// By number.
  private var names: [String] {
    numbers.reduce(into: [String](repeating: "", count: numbers.count + 1)) { $0[Int($1.value)] = $1.key }
  }

  private func stem(of words: [UInt32], _ holders: Int, _ names: [String], _ times: (UInt32) -> Int) -> Stem {
    let counted = words.map { ($0, times($0)) }
    let most = counted.max { ($0.1, $1.0) < ($1.1, $0.0) }?.0
    return Stem(
      word: most.map { names[Int($0)] } ?? "",
      holders: holders,
      times: counted.reduce(0) { $0 + $1.1 }
    )
  }
}
