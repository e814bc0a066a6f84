import Foundation
import GRDB

/// That a meeting has a topic, and why.
struct TopicMatch: Equatable, Sendable {
  var topic: Int64
  var meeting: Int64
  var extract: MatchExtract
  /// The transcript alone has the words.
  var isInTranscript = false
  /// When it became news; nil for the moment the meeting was announced.
  var countsFrom: Date?

  /// When it became news is known once and for all, but for those who do not read transcripts.
  func put(_ database: Database) throws {
    try database.execute(
      cached: """
        INSERT INTO topic_match (topic_id, meeting_id, extract, in_transcript, counts_from) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (topic_id, meeting_id) DO UPDATE SET
          extract = excluded.extract, in_transcript = excluded.in_transcript,
          counts_from = CASE WHEN topic_match.in_transcript > excluded.in_transcript THEN excluded.counts_from
            ELSE topic_match.counts_from END,
          heard_from = CASE WHEN topic_match.in_transcript > excluded.in_transcript
            THEN coalesce(topic_match.heard_from, topic_match.counts_from, 0) ELSE topic_match.heard_from END
        """,
      arguments: [topic, meeting, extract.marked, isInTranscript, countsFrom?.milliseconds]
    )
  }

  /// A meeting's text no longer has the words of any topic but these.
  static func keep(_ topics: [Int64], of meeting: Int64, _ database: Database) throws {
    try withdraw(
      "meeting_id = :meeting AND topic_id NOT IN (SELECT value FROM json_each(:topics))",
      ["meeting": meeting, "topics": JSONNumbers.array(topics)],
      database
    )
  }

  /// Of the meetings in a range of ids, no others' texts have the words of a topic.
  static func keep(_ meetings: [Int64], in range: Range<Int64>, of topic: Int64, _ database: Database) throws {
    try withdraw(
      """
      topic_id = :topic AND meeting_id >= :first AND meeting_id < :end
        AND meeting_id NOT IN (SELECT value FROM json_each(:meetings))
      """,
      ["topic": topic, "first": range.lowerBound, "end": range.upperBound, "meetings": JSONNumbers.array(meetings)],
      database
    )
  }

  /// What the summary does not say the transcript may: such matches stay until it has been looked at, so that nobody
  /// hears of them again.
  private static func withdraw(_ condition: String, _ arguments: StatementArguments, _ database: Database) throws {
    try database.execute(
      cached: "UPDATE topic_match SET in_transcript = 1 WHERE in_transcript = 0 AND \(condition)",
      arguments: arguments
    )
    try database.execute(
      cached: """
        DELETE FROM topic_match WHERE \(condition)
          AND NOT EXISTS (SELECT 1 FROM transcript WHERE transcript.meeting_id = topic_match.meeting_id)
        """,
      arguments: arguments
    )
  }
}
