import Foundation
import GRDB

/// Makes a query of a person's own words: those that say what it is about, and fewer of them as long as nothing is
/// found. Two that nothing has been found for yet are still what somebody waits for.
enum SuggestQuery {
  private static let maximumWords = 6

  static func suggest(_ words: String, now: Date, _ database: Database) throws -> TopicQuery? {
    if let typed = try? TopicQuery(parsing: words), typed.isDeliberate { return typed }
    var telling = tellingWords(of: words)
    let year = try SummarisedMeetings.lastTwelveMonths(before: now, database)
    func found(_ words: [String]) throws -> Int {
      try query(words).map { try year.find($0, limit: QueryHistory.maximumFound, database).count } ?? 0
    }
    var counts: [Int] = []
    while telling.count > 2, try found(telling) == 0 {
      if counts.isEmpty { counts = try telling.map { try found([$0]) } }
      guard let word = leastTelling(counts, isLarge: year.count >= largeArchive) else { break }
      telling.remove(at: word)
      counts.remove(at: word)
    }
    return query(telling)
  }

  private static func query(_ words: [String]) -> TopicQuery? {
    guard let first = words.first else { return nil }
    return TopicQuery(TopicQuery.Group(required: [.word(first)] + words.dropFirst().map { .word($0) }))
  }

  /// The word whose loss says least: the one that is found most, or in a large archive one that is never found, where
  /// nearly every word of a subject would be.
  private static func leastTelling(_ found: [Int], isLarge: Bool) -> Int? {
    (isLarge ? found.firstIndex(of: 0) : nil) ?? found.indices.max { found[$0] < found[$1] }
  }

  /// Meetings in twelve months.
  private static let largeArchive = 500

  /// In their order, without those that every sentence has.
  private static func tellingWords(of text: String) -> [String] {
    var seen: Set<String> = []
    let words = text.split { !$0.isLetter && !$0.isNumber && $0 != "-" && $0 != "’" && $0 != "'" && $0 != "&" }
    return Array(
      words.map(String.init).filter { word in
        let plain = word.lowercased()
        return plain.count > 2 && !StopWords.contain(plain) && seen.insert(plain).inserted
          && (try? TopicQuery(parsing: "\"\(word)\"")) != nil
      }.prefix(maximumWords)
    )
  }
}

extension TopicQuery {
  /// Whoever writes phrases, OR, exclusions or filters means a query; a row of words may be a sentence.
  fileprivate var isDeliberate: Bool {
    !root.excluded.isEmpty || root.required.count <= 2
      || root.required.contains { clause in
        if case .word = clause { return false }
        return true
      }
  }
}
