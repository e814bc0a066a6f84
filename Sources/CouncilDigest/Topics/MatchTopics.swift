import Foundation
import GRDB

/// Finds which meetings have which topics: when a meeting's text changes, and when a topic's query does.
enum MatchTopics {
  /// The words of a meeting changed, or those of its transcript, which `MatchTranscripts` looks at later.
  static func ofMeeting(_ change: MeetingTextChange, _ queries: TopicQueries, _ database: Database) throws {
    let topics = try Topic.list(limit: Topic.maximumCount, database)
    guard let (meeting, text) = try MeetingText.fetch([change.meeting], database).first else { return }
    let index = try TextIndex([TextIndex.Text(meeting, text)], database)
    var find = FindExtract(in: 0, of: index)
    let news = try change.wasAnnounced ? instant(of: change, database) : nil
    var matching: [Int64] = []
    for topic in topics {
      let query = try queries.query(topic.query)
      guard !index.texts(matching: query).isEmpty else { continue }
      try TopicMatch(topic: topic.id, meeting: meeting, extract: find(query), countsFrom: news).put(database)
      matching.append(topic.id)
    }
    try TopicMatch.keep(matching, of: meeting, database)
    try MatchTranscripts.lookAgain(at: meeting, now: change.at, database)
  }

  /// Never within what a run has closed over: its readers would not hear of the match.
  private static func instant(of change: MeetingTextChange, _ database: Database) throws -> Date {
    let closed = try Int64.fetchOne(database, cached: "SELECT max(window_to) FROM digest_run", arguments: []) ?? 0
    return max(change.at, Date(milliseconds: closed + 1))
  }

  /// A topic's query is another: `continueTopic` looks for it in every meeting. What became news stays so.
  static func restart(_ topic: Int64, now: Date, _ database: Database) throws {
    try database.execute(
      cached: "UPDATE topic SET unmatched_below = (SELECT max(id) + 1 FROM meeting) WHERE id = ?",
      arguments: [topic]
    )
    try MatchTranscripts.lookAgain(now: now, database)
  }

  /// Looks through the next few meetings for a topic whose query changed, newest first.
  /// - Returns: whether there are more.
  static func continueTopic(_ id: Int64, _ database: Database) throws -> Bool {
    let row = try Row.fetchOne(
      database,
      cached: "SELECT query, unmatched_below FROM topic WHERE id = ?",
      arguments: [id]
    )
    guard let row, let below: Int64 = row["unmatched_below"] else { return false }
    let query = try TopicQuery(printed: row["query"])
    let meetings = try Int64.fetchAll(
      database,
      sql: "SELECT rowid FROM meeting_text WHERE meeting_text MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?",
      arguments: [query.fullTextExpression, below, sliceSize]
    )
    for (meeting, text) in try MeetingText.fetch(meetings, database) {
      var find = FindExtract(in: 0, of: try TextIndex([TextIndex.Text(meeting, text)], database))
      try TopicMatch(topic: id, meeting: meeting, extract: find(query)).put(database)
    }
    let next = meetings.count < sliceSize ? nil : meetings.last
    try TopicMatch.keep(meetings, in: (next ?? 0)..<below, of: id, database)
    try database.execute(cached: "UPDATE topic SET unmatched_below = ? WHERE id = ?", arguments: [next, id])
    return next != nil
  }

  /// Texts that are looked at in one transaction: sign-ups wait for no more.
  private static let sliceSize = 25
}
