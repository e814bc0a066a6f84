import Foundation
import GRDB

/// Words that stand in what a query finds much more often than elsewhere: what it might be narrowed by.
enum RelatedWords {
  private static let maximum = 8
  private static let minimumLetters = 4
  /// Of the texts that are found, so many must have it.
  private static let shares = 0.15...0.8

  /// - Parameter index: of texts that the query matches.
  static func find(
    in index: TextIndex,
    for query: TopicQuery,
    _ usual: UsualWords,
    now: Date,
    _ database: Database
  ) throws -> [String] {
    let usual = try usual.current(now: now, database)
    let asked = Set(query.root.leaves.compactMap(\.sought).flatMap(index.stems(of:)))
    let texts = Double(index.texts.count)
    guard texts >= 3 else { return [] }
    let shared = index.stems { $0 >= 2 && shares.contains(Double($0) / texts) }
    let scored = shared.compactMap { stem, found -> (word: String, score: Double)? in
      let share = Double(found.holders) / texts
      guard !asked.contains(stem), isTelling(found.word) else { return nil }
      let elsewhere = Double((usual.holders[stem] ?? 0) + 1) / Double(usual.texts + 2)
      let lift = share / elsewhere
      return lift > 1.5 ? (found.word, share * log(lift)) : nil
    }
    return scored.sorted { ($1.score, $0.word) < ($0.score, $1.word) }.prefix(maximum).map(\.word)
  }

  /// Those of one text that the others do not have, most telling first.
  static func ofOne(
    _ text: Int,
    in index: TextIndex,
    for query: TopicQuery,
    _ usual: UsualWords,
    now: Date,
    _ database: Database
  ) throws -> [String] {
    let usual = try usual.current(now: now, database)
    let asked = Set(query.root.leaves.compactMap(\.sought).flatMap(index.stems(of:)))
    let scored = index.stems(in: text).compactMap { stem, found -> (word: String, score: Double)? in
      guard !asked.contains(stem), isTelling(found.word), found.times >= 2 else { return nil }
      let elsewhere = Double((usual.holders[stem] ?? 0) + 1) / Double(usual.texts + 2)
      let among = Double(found.holders) / Double(max(1, index.texts.count))
      return elsewhere < 0.3 && among < 0.6 ? (found.word, Double(min(found.times, 8)) / (elsewhere + among)) : nil
    }
    return scored.sorted { ($1.score, $0.word) < ($0.score, $1.word) }.prefix(maximum).map(\.word)
  }

  private static func isTelling(_ word: String) -> Bool {
    word.count >= minimumLetters && !StopWords.contain(word)
      && word.unicodeScalars.allSatisfy(\.properties.isAlphabetic)
  }
}
