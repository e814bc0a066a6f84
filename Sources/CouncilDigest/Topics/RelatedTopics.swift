import GRDB

/// The curated topics that are about what somebody asks for: a person looks after their queries.
enum RelatedTopics {
  private static let maximum = 3
  /// Of the newest meetings that the words find, so many are of the topic, too.
  private static let leastShare = 0.5
  private static let leastMeetings = 2
  private static let lookedAt = 1_000

  /// - Parameters:
  ///   - stems: of the words that are asked for.
  ///   - meetings: the newest that they find.
  /// - Returns: those that have one of the words in their name, then those that the meetings share.
  static func find(_ stems: Set<String>, _ meetings: [Int64], _ database: Database) throws -> [Topic] {
    let tokenizer = try WordTokenizer(db: database)
    let named = try Topic.list(limit: lookedAt, database).filter { topic in
      !stems.isDisjoint(with: tokenizer.tokens(ofQuery: topic.name.lowercased()).filter { !StopWords.contain($0) })
    }
    let shared = try Row.fetchAll(
      database,
      cached: """
        SELECT \(Topic.columns) FROM topic_match JOIN topic ON topic.id = topic_match.topic_id
        WHERE topic_match.meeting_id IN (SELECT value FROM json_each(?)) AND topic_match.in_transcript = 0
        GROUP BY topic.id HAVING count(*) >= ? ORDER BY count(*) DESC, topic.slug
        """,
      arguments: [
        JSONNumbers.array(meetings), max(leastMeetings, Int((Double(meetings.count) * leastShare).rounded(.up))),
      ]
    ).map(Topic.init)
    return Array((named + shared.filter { !named.contains($0) }).prefix(maximum))
  }
}
