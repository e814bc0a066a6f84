import Foundation
import GRDB

/// Makes a query of a person's own words: those that say what it is about, and fewer of them as long as nothing is
/// found. Two that nothing has been found for yet are still what somebody waits for.
enum SuggestQuery {
  private static let maximumWords = 6
  /// Whoever writes no more than this has left out what surrounds a wish.
  private static let fewWords = 2

  static func suggest(_ words: String, now: Date, _ database: Database) throws -> TopicQuery? {
    let text = TypedRequest.plain(words)
    if let typed = (try? TopicQuery(parsing: text))?.withoutAsking {
      if typed.isDeliberate(in: text) || typed.isFewWords(fewWords) { return typed }
    }
    var telling = tellingWords(of: text)
    let year = try SummarisedMeetings.lastTwelveMonths(before: now, database)
    func found(_ words: [TopicQuery.Clause]) throws -> Int {
      try query(words).map { try year.find($0, limit: QueryHistory.maximumFound, database).count } ?? 0
    }
    var counts: [Int] = []
    while telling.count > fewWords, try found(telling) == 0 {
      if counts.isEmpty { counts = try telling.map { try found([$0]) } }
      if year.count >= largeArchive, let known = known(telling, counts), try found(known) > 0 { return query(known) }
      // Of those that are found as often the last one, and no name.
      let weights = zip(telling, counts).enumerated().map { ($1.1, $1.0.isSpecial ? 0 : 1, $0) }
      guard let usual = weights.max(by: <)?.2 else { break }
      telling.remove(at: usual)
      counts.remove(at: usual)
    }
    return query(telling)
  }

  private static func query(_ words: [TopicQuery.Clause]) -> TopicQuery? {
    words.isEmpty ? nil : TopicQuery(TopicQuery.Group(required: words))
  }

  /// Without the words that are never found: in a large archive nearly every word of a subject would be, but for those
  /// that nobody writes by chance. Nil when too little is left, or nothing.
  private static func known(_ words: [TopicQuery.Clause], _ found: [Int]) -> [TopicQuery.Clause]? {
    let kept = zip(words, found).filter { $1 > 0 || $0.isSpecial }.map(\.0)
    return kept.count >= fewWords && kept.count < words.count ? kept : nil
  }

  /// Meetings in twelve months.
  private static let largeArchive = 500

  /// In their order, without those that every sentence has.
  private static func tellingWords(of text: String) -> [TopicQuery.Clause] {
    var telling: [TopicQuery.Clause] = []
    for word in TypedRequest.words(of: text) where telling.count < maximumWords {
      guard !StopWords.contain(word) || TopicQuery.isInCapitals(word), word.count > 2 || word.isSpecial,
        let clause = (try? TopicQuery(parsing: "\"\(word)\""))?.root.required.first, !telling.contains(clause)
      else { continue }
      telling.append(clause)
    }
    return telling
  }
}

extension TopicQuery {
  /// Without the words around it; nil when nothing else was said.
  fileprivate var withoutAsking: TopicQuery? {
    let kept = root.required.filter { clause in
      guard case .word(let word) = clause, !Self.isInCapitals(word) else { return true }
      return !StopWords.isAsking(word)
    }
    return kept.isEmpty ? nil : TopicQuery(Group(required: kept, excluded: root.excluded))
  }

  /// Whoever writes quotation marks, OR, exclusions or filters means a query.
  fileprivate func isDeliberate(in text: String) -> Bool {
    !root.excluded.isEmpty
      || root.required.contains { clause in
        switch clause {
        case .word: false
        // 20,000 is one as well.
        case .phrase: text.contains { "\"“”„«»".contains($0) }
        case .prefix, .council, .committee, .person, .any, .group: true
        }
      }
  }

  fileprivate func isFewWords(_ maximum: Int) -> Bool {
    root.required.count <= maximum && root.required.allSatisfy { if case .word = $0 { true } else { false } }
  }
}

extension TopicQuery.Clause {
  /// A name, or a word that nobody writes by chance.
  fileprivate var isSpecial: Bool {
    switch self {
    case .word(let word): word.isSpecial
    case .phrase: true
    case .prefix, .council, .committee, .person, .any, .group: false
    }
  }
}

extension String {
  /// Like 20mph, e-mail, A40 and EV.
  fileprivate var isSpecial: Bool { contains { $0.isNumber || $0 == "-" } || TopicQuery.isInCapitals(self) }
}
