import GRDB

/// Finds which meetings have which topics: when a meeting's text changes, and when a topic's query does.
enum MatchTopics {
  /// The text of a meeting changed.
  static func ofMeeting(_ meeting: Int64, _ database: Database) throws {
    try database.execute(cached: "DELETE FROM topic_match WHERE meeting_id = ?", arguments: [meeting])
    for topic in try Topic.list(limit: Topic.maximumCount, database) {
      try match(topic, where: "AND rowid = ?", [meeting], database)
    }
  }

  /// A topic is new or its query changed.
  static func ofTopic(_ topic: Topic, _ database: Database) throws {
    try database.execute(cached: "DELETE FROM topic_match WHERE topic_id = ?", arguments: [topic.id])
    try match(topic, where: "", [], database)
  }

  private static func match(
    _ topic: Topic,
    where condition: String,
    _ arguments: StatementArguments,
    _ database: Database
  ) throws {
    try database.execute(
      cached: """
        INSERT INTO topic_match (topic_id, meeting_id, extract)
        SELECT ?, rowid, \(MatchExtract.column) FROM meeting_text WHERE meeting_text MATCH ? \(condition)
        """,
      arguments: [topic.id, try TopicQuery(parsing: topic.query).fullTextExpression] + arguments
    )
  }
}
