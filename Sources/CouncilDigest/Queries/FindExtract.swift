/// Finds the piece of one text that shows best why a query matches it: where most of what it asks for stands together,
/// from the beginning of a sentence when there is one near.
struct FindExtract {
  private let index: TextIndex
  private let text: Int
  /// Looked up once for all queries.
  private var columns: [SoughtPhrase.Column: ColumnWords] = [:]

  /// A column's text and where in it its words stand.
  private struct ColumnWords {
    var content: [UInt8]
    var ranges: [Range<UInt32>]

    func range(_ word: Int) -> Range<Int> { Int(ranges[word].lowerBound)..<Int(ranges[word].upperBound) }
  }

  private static let words = 28
  /// So many are enough where a paragraph ends.
  private static let fewWords = 12
  /// What may stand before the first marked word.
  private static let lead = 10
  /// Where nothing is better than anywhere else: what people wrote about the meeting, before lists of names.
  private static let order: [SoughtPhrase.Column] = [.summary, .transcript, .title, .documents, .attendees]

  init(in text: Int, of index: TextIndex) {
    self.index = index
    self.text = text
  }

  /// Places of one word, phrase or filter.
  private struct Hit {
    var places: Range<Int>
    var leaf: Int
  }

  mutating func callAsFunction(_ query: TopicQuery) -> MatchExtract {
    let leaves = query.root.wantedLeaves
    let hits = leaves.enumerated().flatMap { number, leaf in
      index.places(of: leaf, in: text).map { Hit(places: $0, leaf: number) }
    }.sorted { $0.places.lowerBound < $1.places.lowerBound }
    var best: (column: SoughtPhrase.Column, hits: ArraySlice<Hit>, score: Int)?
    for column in index.texts[text].columns.map(\.column) {
      let places = index.places(of: column, in: text)
      let within = hits.filter { places.contains($0.places.lowerBound) }
      guard let window = Self.best(within) else { continue }
      let score = window.score * Self.order.count + Self.order.count - (Self.order.firstIndex(of: column) ?? 0)
      if score > best?.score ?? 0 { best = (column, window.hits, score) }
    }
    guard let best else { return MatchExtract(marked: beginning) }
    return MatchExtract(marked: marked(best.hits, in: best.column))
  }

  /// Most different things, then most of them, then the earliest.
  private static func best(_ hits: [Hit]) -> (hits: ArraySlice<Hit>, score: Int)? {
    var best: (hits: ArraySlice<Hit>, score: Int)?
    var end = 0
    for start in hits.indices {
      while end < hits.count, hits[end].places.upperBound <= hits[start].places.lowerBound + words - lead { end += 1 }
      let window = hits[start..<max(end, start + 1)]
      let score = Set(window.map(\.leaf)).count * 16 + min(window.count, 15)
      if score > best?.score ?? 0 { best = (window, score) }
    }
    return best
  }

  private mutating func marked(_ hits: ArraySlice<Hit>, in column: SoughtPhrase.Column) -> String {
    guard let first = hits.first, let last = hits.map(\.places.upperBound).max() else { return beginning }
    let start = index.places(of: column, in: text).lowerBound
    let words = words(of: column)
    let content = words.content
    let isShort = words.ranges.count <= Self.words
    let from = isShort ? 0 : Self.beginning(before: first.places.lowerBound - start, words)
    let end = Self.end(max(from + Self.words, last - start), after: max(from + Self.fewWords, last - start), words)
    var done = from == 0 ? 0 : words.range(from).lowerBound
    var marked = from > 0 && !Self.endsLine(content, before: done) ? "…" : ""
    for hit in Self.merged(hits.map { ($0.places.lowerBound - start)..<($0.places.upperBound - start) }) {
      let bytes = words.range(hit.lowerBound).lowerBound..<words.range(hit.upperBound - 1).upperBound
      marked += String(decoding: content[done..<bytes.lowerBound], as: UTF8.self)
      marked.append(MatchExtract.start)
      marked += String(decoding: content[bytes], as: UTF8.self)
      marked.append(MatchExtract.end)
      done = bytes.upperBound
    }
    let stop = end == words.ranges.count ? content.count : words.range(end - 1).upperBound
    if done < stop { marked += String(decoding: content[done..<stop], as: UTF8.self) }
    let isWhole = end == words.ranges.count || Self.endsLine(content, before: words.range(end).lowerBound)
    return isWhole ? marked : marked + "…"
  }

  /// The word to begin with.
  private static func beginning(before word: Int, _ words: ColumnWords) -> Int {
    let earliest = max(0, word - lead)
    for candidate in (earliest...word).reversed() where candidate > 0 {
      let between = words.content[words.range(candidate - 1).upperBound..<words.range(candidate).lowerBound]
      if between.contains(UInt8(ascii: "\n")) { return candidate }
      let endsSentence = between.contains { ".?!".utf8.contains($0) }
      if endsSentence, between.contains(UInt8(ascii: " ")) { return candidate }
    }
    return earliest
  }

  /// The word to end before: at the end of a paragraph, when enough stands before it.
  private static func end(_ end: Int, after enough: Int, _ words: ColumnWords) -> Int {
    guard end < words.ranges.count else { return words.ranges.count }
    guard enough < end else { return end }
    for candidate in enough...end {
      let between = words.content[words.range(candidate - 1).upperBound..<words.range(candidate).lowerBound]
      if between.contains(UInt8(ascii: "\n")) { return candidate }
    }
    return end
  }

  private static func endsLine(_ content: [UInt8], before byte: Int) -> Bool {
    let before = content[..<byte].reversed().prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
    return before.contains(UInt8(ascii: "\n"))
  }

  /// Those that overlap are one.
  private static func merged(_ ranges: [Range<Int>]) -> [Range<Int>] {
    var merged: [Range<Int>] = []
    for range in ranges {
      if let last = merged.last, range.lowerBound < last.upperBound {
        merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    return merged
  }

  /// Where nothing can be marked, as with a query of a council alone.
  private var beginning: String {
    let content = content(of: .summary).isEmpty ? content(of: .title) : content(of: .summary)
    let words = content.split(maxSplits: Self.words, whereSeparator: \.isWhitespace)
    guard words.count > Self.words else { return content }
    return words.prefix(Self.words).joined(separator: " ") + "…"
  }

  private func content(of column: SoughtPhrase.Column) -> String {
    index.texts[text].columns.first { $0.column == column }?.text ?? ""
  }

  private mutating func words(of column: SoughtPhrase.Column) -> ColumnWords {
    if let known = columns[column] { return known }
    let ranges = index.ranges(of: column, in: text).map { UInt32($0.lowerBound)..<UInt32($0.upperBound) }
    let words = ColumnWords(content: Array(content(of: column).utf8), ranges: ranges)
    columns[column] = words
    return words
  }
}
