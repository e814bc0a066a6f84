import Foundation
import GRDB

/// The meetings that have a topic, as the public may know: what only a transcript says is not among them.
enum TopicMeetings {
  /// Meetings that took place and were summarised, newest first, each with why.
  static func newest(
    of topic: Topic,
    before now: Date,
    limit: Int,
    _ database: Database
  ) throws -> [(meeting: Int64, extract: MatchExtract)] {
    try Row.fetchAll(
      database,
      cached: """
        SELECT meeting.id, topic_match.extract FROM topic_match JOIN meeting ON meeting.id = topic_match.meeting_id
        WHERE topic_id = ? AND in_transcript = 0 AND has_summary = 1 AND starts_at < ?
        ORDER BY starts_at DESC, meeting.id DESC LIMIT ?
        """,
      arguments: [topic.id, now.milliseconds, limit]
    ).map { ($0["id"], MatchExtract(stored: $0["extract"])) }
  }

  /// Those that start within a span, nearest to `now` first.
  static func around(
    _ now: Date,
    within span: Range<Date>,
    of topic: Topic,
    limit: Int,
    _ database: Database
  ) throws -> [Int64] {
    try Int64.fetchAll(
      database,
      sql: """
        SELECT meeting.id FROM topic_match JOIN meeting ON meeting.id = topic_match.meeting_id
        WHERE topic_id = :topic AND in_transcript = 0 AND starts_at >= :from AND starts_at < :to
        ORDER BY abs(starts_at - :now), meeting.id LIMIT :limit
        """,
      arguments: [
        "topic": topic.id, "from": span.lowerBound.milliseconds, "to": span.upperBound.milliseconds,
        "now": now.milliseconds, "limit": limit,
      ]
    )
  }

  /// Most first.
  static func perCouncil(
    of topic: Topic,
    since start: Date,
    before now: Date,
    _ database: Database
  ) throws -> [(council: Int64, meetings: Int)] {
    try Row.fetchAll(
      database,
      cached: """
        SELECT council_id, count(*) AS meetings FROM topic_match JOIN meeting ON meeting.id = topic_match.meeting_id
        WHERE topic_id = ? AND in_transcript = 0 AND has_summary = 1 AND starts_at >= ? AND starts_at < ?
        GROUP BY council_id ORDER BY meetings DESC, council_id
        """,
      arguments: [topic.id, start.milliseconds, now.milliseconds]
    ).map { ($0["council_id"], $0["meetings"]) }
  }

  /// How many meetings of each topic were announced since, by topic.
  static func counts(announcedSince start: Date, _ database: Database) throws -> [Int64: Int] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT topic_id, count(*) AS meetings FROM meeting
        JOIN topic_match ON topic_match.meeting_id = meeting.id AND in_transcript = 0
        WHERE announced_at > ? GROUP BY topic_id
        """,
      arguments: [start.milliseconds]
    )
    return Dictionary(uniqueKeysWithValues: rows.map { ($0["topic_id"], $0["meetings"]) })
  }

  /// The topics of some meetings, those of most of them first.
  static func mostDiscussed(
    in meetings: [Int64],
    limit: Int,
    _ database: Database
  ) throws -> [MeetingItem.TopicReference] {
    var counts: [String: (topic: MeetingItem.TopicReference, meetings: Int)] = [:]
    for meeting in meetings {
      for topic in try MeetingItem.TopicReference.fetch(meeting: meeting, database) {
        counts[topic.slug, default: (topic, 0)].meetings += 1
      }
    }
    return counts.values.sorted { ($1.meetings, $0.topic.name) < ($0.meetings, $1.topic.name) }.prefix(limit)
      .map(\.topic)
  }
}
