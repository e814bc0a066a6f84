import Foundation
import GRDB

/// Makes a query of a person's own words: those that say what it is about, fewer of them until something is found.
enum SuggestQuery {
  private static let maximumWords = 6
  private static let enough = 3

  static func suggest(_ words: String, now: Date, _ database: Database) throws -> TopicQuery? {
    if let typed = try? TopicQuery(parsing: words), typed.isDeliberate { return typed }
    var telling = tellingWords(of: words)
    while telling.count > 1 {
      guard let query = query(telling) else { return nil }
      if try QueryReach.load(query, now: now, database).meetings >= enough { return query }
      guard let last = try commonest(telling, now: now, database) else { break }
      telling.remove(at: last)
    }
    return query(telling)
  }

  private static func query(_ words: [String]) -> TopicQuery? {
    guard let first = words.first else { return nil }
    return TopicQuery(TopicQuery.Group(required: [.word(first)] + words.dropFirst().map { .word($0) }))
  }

  /// The word whose loss says least: one that is never found, else the one that is found most.
  private static func commonest(_ words: [String], now: Date, _ database: Database) throws -> Int? {
    let found = try words.map { word in
      try query([word]).map { try QueryReach.load($0, now: now, database).meetings } ?? 0
    }
    return found.firstIndex(of: 0) ?? found.indices.max { found[$0] < found[$1] }
  }

  /// In their order, without those that every sentence has.
  private static func tellingWords(of text: String) -> [String] {
    var seen: Set<String> = []
    let words = text.split { !$0.isLetter && !$0.isNumber && $0 != "-" && $0 != "’" && $0 != "'" && $0 != "&" }
    return Array(
      words.map(String.init).filter { word in
        let plain = word.lowercased()
        return plain.count > 2 && !usual.contains(plain) && seen.insert(plain).inserted
          && (try? TopicQuery(parsing: "\"\(word)\"")) != nil
      }.prefix(maximumWords)
    )
  }

  /// What people write around their subject.
  private static let usual: Set<String> = [
    "about", "after", "again", "all", "also", "and", "any", "anything", "are", "area", "around", "because", "been",
    "being", "both", "but", "can", "changes", "concerned", "could", "council", "councils", "decide", "decided",
    "decision", "decisions", "discuss", "discussed", "discussion", "discussions", "does", "doing", "each", "every",
    "everything", "find", "follow", "for", "from", "get", "give", "given", "going", "had", "happen", "happening",
    "happens", "has", "have", "having", "hear", "her", "here", "his", "how", "information", "interested", "into", "its",
    "just", "keep", "kept", "know", "like", "local", "long", "make", "making", "many", "may", "meeting", "meetings",
    "mentions", "mentioned", "might", "more", "most", "much", "myself", "near", "need", "needs", "new", "news", "not",
    "now", "off", "once", "one", "only", "other", "our", "out", "over", "people", "plans", "please", "regarding",
    "related", "say", "says", "see", "should", "since", "some", "something", "such", "talk", "talked", "tell", "than",
    "that", "the", "their", "them", "then", "there", "these", "they", "thing", "things", "this", "those", "through",
    "told", "topic", "under", "until", "update", "updates", "use", "used", "very", "want", "wants", "was", "way",
    "were",
    "what", "when", "where", "whether", "which", "while", "who", "why", "will", "wish", "with", "within", "would",
    "you",
    "your",
  ]
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
