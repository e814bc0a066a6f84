import GRDB

/// The words of a few hundred texts, in memory, with where each stands: very many queries are answered from it one after
/// the other, each in a few microseconds.
///
/// It means by every query what SQLite's full-text index means by `fullTextExpression`. All texts stand one behind the
/// other in one row of places; between two columns a place is empty.
struct TextIndex {
  struct Text: Sendable {
    /// The meeting's.
    var id: Int64
    var council: String
    var columns: [(column: SoughtPhrase.Column, text: String)]
  }

  static let maximumTexts = 512
  /// About what 50 long summaries have; whoever makes an index of many texts takes no more.
  static let maximumWords = 500_000

  let texts: [Text]
  let tokenizer: WordTokenizer
  /// By place: which word, with `inCapitals` where it is written so.
  private let words: [UInt32]
  private let textOfPlace: [UInt16]
  /// By text, the places of each of its columns.
  private let columns: [[SoughtPhrase.Column: Range<Int>]]
  /// By word: its places in order are those at `places[starts[word]..<starts[word + 1]]`.
  private let places: [UInt32]
  let starts: [Int]
  /// By word: the texts that have it at all, and those that have it in capitals.
  let holders: [TextSet]
  private let capitalHolders: [TextSet]
  let numbers: [String: UInt32]
  /// The words of each stem.
  let families: [String: [UInt32]]
  private let sorted = SortedWords()
  private let councils: [String: TextSet]

  private static let inCapitals: UInt32 = 0x8000_0000
  private static let gap: UInt32 = 0

}

// MARK: Building

extension TextIndex {
  /// - Parameters:
  ///   - texts: at most `maximumTexts`.
  ///   - database: its tokenizer is used, so the index must not outlive the access to it.
  init(_ texts: [Text], _ database: Database) throws {
    precondition(texts.count <= Self.maximumTexts, "a set has a bit for each text")
    self.texts = texts
    let tokenizer = try WordTokenizer(db: database)
    self.tokenizer = tokenizer
    var words: [UInt32] = []
    var textOfPlace: [UInt16] = []
    var numbers: [String: UInt32] = [:]
    var columns: [[SoughtPhrase.Column: Range<Int>]] = []
    for (index, text) in texts.enumerated() {
      var ranges: [SoughtPhrase.Column: Range<Int>] = [:]
      for (column, content) in text.columns {
        let start = words.count
        tokenizer.eachWord(of: content) { folded, _, isInCapitals in
          let word = String(decoding: folded, as: UTF8.self)
          let number: UInt32
          if let known = numbers[word] {
            number = known
          } else {
            number = UInt32(numbers.count + 1)
            numbers[word] = number
          }
          words.append(isInCapitals ? number | Self.inCapitals : number)
        }
        ranges[column] = start..<words.count
        words.append(Self.gap)
      }
      columns.append(ranges)
      textOfPlace.append(contentsOf: repeatElement(UInt16(index), count: words.count - textOfPlace.count))
    }
    var starts = [Int](repeating: 0, count: numbers.count + 2)
    for word in words { starts[Int(word & ~Self.inCapitals) + 1] += 1 }
    for index in 1..<starts.count { starts[index] += starts[index - 1] }
    var next = starts
    var places = [UInt32](repeating: 0, count: words.count)
    var holders = [TextSet](repeating: .zero, count: numbers.count + 1)
    var capitalHolders = holders
    for (place, word) in words.enumerated() {
      let number = Int(word & ~Self.inCapitals)
      places[next[number]] = UInt32(place)
      next[number] += 1
      let text = Int(textOfPlace[place])
      holders[number].insert(text)
      if word & Self.inCapitals != 0 { capitalHolders[number].insert(text) }
    }
    var families: [String: [UInt32]] = [:]
    for (word, number) in numbers { families[tokenizer.stem(of: word), default: []].append(number) }
    self.words = words
    self.textOfPlace = textOfPlace
    self.columns = columns
    self.places = places
    self.starts = starts
    self.holders = holders
    self.capitalHolders = capitalHolders
    self.numbers = numbers
    self.families = families
    councils = texts.enumerated().reduce(into: [:]) { $0[$1.element.council, default: .zero].insert($1.offset) }
  }
}

// MARK: Asking

extension TextIndex {
  /// The texts that a query matches.
  func texts(matching query: TopicQuery) -> TextSet { texts(matching: query.root) }

  private func texts(matching group: TopicQuery.Group) -> TextSet {
    var found = TextSet(repeating: .max)
    for clause in group.required {
      found &= texts(matching: clause)
      if found.isEmpty { return found }
    }
    for clause in group.excluded { found &= ~texts(matching: clause) }
    return found
  }

  private func texts(matching clause: TopicQuery.Clause) -> TextSet {
    switch clause {
    case .any(let clauses): return clauses.reduce(.zero) { $0 | texts(matching: $1) }
    case .group(let group): return texts(matching: group)
    case .council(let slug): return councils[slug] ?? .zero
    case .word, .prefix, .phrase, .committee, .person:
      guard let sought = clause.sought else { return .zero }
      return texts(matching: sought)
    }
  }

  private func texts(matching sought: SoughtPhrase) -> TextSet {
    let tokens = tokens(of: sought)
    guard let first = tokens.first else { return .zero }
    guard tokens.count > 1 || sought.column != nil else { return holders(of: first) }
    var candidates = TextSet(repeating: .max)
    for token in tokens { candidates &= holders(of: token) }
    guard !candidates.isEmpty else { return .zero }
    var found = TextSet.zero
    eachPlace(of: tokens, in: sought.column) { place in
      found.insert(Int(textOfPlace[place]))
      return found != candidates
    }
    return found
  }

  /// Where a word, phrase or filter stands in one text, each as a range of places.
  func places(of clause: TopicQuery.Clause, in text: Int) -> [Range<Int>] {
    guard let sought = clause.sought else { return [] }
    let tokens = tokens(of: sought)
    var found: [Range<Int>] = []
    eachPlace(of: tokens, in: sought.column, text: text) { place in
      found.append(place..<place + tokens.count)
      return found.count < Self.maximumPlaces
    }
    return found
  }

  private static let maximumPlaces = 200

  /// One place of a phrase: the words that may stand there.
  private struct Token {
    var words: [UInt32]
    var isInCapitals: Bool
  }

  private func tokens(of sought: SoughtPhrase) -> [Token] {
    let tokens = tokenizer.tokens(ofQuery: sought.text)
    return tokens.enumerated().map { index, token in
      self.token(token, isPrefix: sought.isPrefix && index == tokens.count - 1)
    }
  }

  private func token(_ token: String, isPrefix: Bool) -> Token {
    guard let mark = token.unicodeScalars.first, mark == WordTokenizer.Mark.whole || mark == WordTokenizer.Mark.capitals
    else { return Token(words: families[token] ?? [], isInCapitals: false) }
    let word = String(token.unicodeScalars.dropFirst())
    let words = isPrefix ? words(beginningWith: word) : numbers[word].map { [$0] } ?? []
    return Token(words: words, isInCapitals: mark == WordTokenizer.Mark.capitals)
  }

  private func words(beginningWith prefix: String) -> [UInt32] {
    let sorted = sorted.words(of: numbers)
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle].word.utf8.lexicographicallyPrecedes(prefix.utf8) { low = middle + 1 } else { high = middle }
    }
    return sorted[low...].prefix { $0.word.utf8.starts(with: prefix.utf8) }.map(\.number)
  }

  private func holders(of token: Token) -> TextSet {
    let sets = token.isInCapitals ? capitalHolders : holders
    return token.words.reduce(.zero) { $0 | sets[Int($1)] }
  }

  /// Calls `body` with each place where the tokens stand side by side, until it answers false. Starts from the token
  /// that is rarest.
  private func eachPlace(
    of tokens: [Token],
    in column: SoughtPhrase.Column?,
    text: Int? = nil,
    _ body: (Int) -> Bool
  ) {
    let frequencies = tokens.map { token in token.words.reduce(0) { $0 + starts[Int($1) + 1] - starts[Int($1)] } }
    guard let rarest = frequencies.indices.min(by: { frequencies[$0] < frequencies[$1] }) else { return }
    for word in tokens[rarest].words {
      for place in places(of: word, in: text) {
        let first = Int(place) - rarest
        guard first >= 0, first + tokens.count <= words.count,
          tokens.indices.allSatisfy({ stands(tokens[$0], at: first + $0) }), isIn(column, first)
        else { continue }
        guard body(first) else { return }
      }
    }
  }

  func places(of word: UInt32, in text: Int?) -> ArraySlice<UInt32> {
    let all = places[starts[Int(word)]..<starts[Int(word) + 1]]
    guard let text else { return all }
    let first = all.partitioningIndex { Int(textOfPlace[Int($0)]) >= text }
    let end = all[first...].partitioningIndex { Int(textOfPlace[Int($0)]) > text }
    return all[first..<end]
  }

  private func stands(_ token: Token, at place: Int) -> Bool {
    let word = words[place]
    guard !token.isInCapitals || word & Self.inCapitals != 0 else { return false }
    return token.words.contains(word & ~Self.inCapitals)
  }

  private func isIn(_ column: SoughtPhrase.Column?, _ place: Int) -> Bool {
    guard let column else { return true }
    return columns[Int(textOfPlace[place])][column]?.contains(place) ?? false
  }

  /// The places of the words of one of a text's columns.
  func places(of column: SoughtPhrase.Column, in text: Int) -> Range<Int> { columns[text][column] ?? 0..<0 }

  /// Where in a column's text its words stand, in bytes.
  func ranges(of column: SoughtPhrase.Column, in text: Int) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    if let content = texts[text].columns.first(where: { $0.column == column })?.text {
      tokenizer.eachWord(of: content) { _, range, _ in ranges.append(range) }
    }
    return ranges
  }
}

extension ArraySlice {
  /// The first index whose element, like all behind it, has the property.
  fileprivate func partitioningIndex(where isBehind: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension TextIndex.Text {
  /// - Parameter transcript: for professional readers only.
  init(_ meeting: Int64, _ text: MeetingText, transcript: String? = nil) {
    id = meeting
    council = text.council
    columns = [
      (.title, text.title), (.summary, text.summary), (.attendees, text.attendees), (.documents, text.documents),
    ]
    if let transcript { columns.append((.transcript, transcript)) }
  }
}

/// An index's words in the order of their bytes, once a query asks for words that begin alike.
private final class SortedWords {
  private var words: [(word: String, number: UInt32)]?

  func words(of numbers: [String: UInt32]) -> [(word: String, number: UInt32)] {
    if let words { return words }
    let sorted = numbers.map { ($0.key, $0.value) }.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
    words = sorted
    return sorted
  }
}
