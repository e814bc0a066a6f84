import Foundation
import GRDB

/// Finds which meetings have which topics: when a meeting's text changes, and when a topic's query does.
enum MatchTopics {
  /// The words of a meeting changed, those of its transcript among them.
  static func ofMeeting(_ change: MeetingTextChange, _ queries: TopicQueries, _ database: Database) throws {
    let meeting = change.meeting
    let before = try matches(of: meeting, database)
    try database.execute(cached: "DELETE FROM topic_match WHERE meeting_id = ?", arguments: [meeting])
    let topics = try Topic.list(limit: Topic.maximumCount, database)
    guard !topics.isEmpty, let (_, text) = try MeetingText.fetch([meeting], database).first else { return }
    let index = try TextIndex([TextIndex.Text(meeting, text)], database)
    var find = FindExtract(in: 0, of: index)
    let transcript = try transcriptIndex(meeting, text, database)
    var findInTranscript = transcript.map { FindExtract(in: 0, of: $0) }
    let news = try change.wasAnnounced ? instant(of: change, database) : nil
    for topic in topics {
      let query = try queries.query(topic.query)
      if !index.texts(matching: query).isEmpty {
        let known = before[topic.id].flatMap { $0.isInTranscript ? nil : $0 }
        let match = Match(extract: find(query), isInTranscript: false, countsFrom: known.map(\.countsFrom) ?? news)
        try match.insert(of: topic.id, meeting, database)
      } else if let transcript, !transcript.texts(matching: query).isEmpty, let extract = findInTranscript?(query) {
        let countsFrom = before[topic.id].map(\.countsFrom) ?? news
        try Match(extract: extract, isInTranscript: true, countsFrom: countsFrom).insert(
          of: topic.id,
          meeting,
          database
        )
      }
    }
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
    let query = try TopicQuery(parsing: row["query"])
    let meetings = try Int64.fetchAll(
      database,
      sql: "SELECT rowid FROM meeting_text WHERE meeting_text MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?",
      arguments: [query.fullTextExpression, below, sliceSize]
    )
    for (meeting, text) in try MeetingText.fetch(meetings, database) {
      var find = FindExtract(in: 0, of: try TextIndex([TextIndex.Text(meeting, text)], database))
      try Match(extract: find(query), isInTranscript: false).insert(of: id, meeting, database)
    }
    let next = meetings.count < sliceSize ? nil : meetings.last
    try database.execute(cached: "UPDATE topic SET unmatched_below = ? WHERE id = ?", arguments: [next, id])
    return next != nil
  }

  /// Texts that are looked at in one transaction: sign-ups wait for no more.
  private static let sliceSize = 25

  /// With the transcript; nil when there is none.
  private static func transcriptIndex(_ meeting: Int64, _ text: MeetingText, _ database: Database) throws -> TextIndex?
  {
    let transcript = try String.fetchOne(
      database,
      cached: "SELECT text FROM transcript WHERE meeting_id = ?",
      arguments: [meeting]
    )
    return try transcript.map {
      try TextIndex([TextIndex.Text(meeting, text, transcript: WordTokenizer.Mark.strip($0))], database)
    }
  }

  /// Never within what a run has closed over: its readers would not hear of the match.
  private static func instant(of change: MeetingTextChange, _ database: Database) throws -> Date {
    let closed = try Int64.fetchOne(database, cached: "SELECT max(window_to) FROM digest_run", arguments: []) ?? 0
    return max(change.at, Date(milliseconds: closed + 1))
  }

  /// How a meeting came to a topic.
  private struct Match {
    var extract: MatchExtract
    /// The transcript alone has the words.
    var isInTranscript: Bool
    /// When it became news; nil for the moment the meeting was announced.
    var countsFrom: Date?

    func insert(of topic: Int64, _ meeting: Int64, _ database: Database) throws {
      try database.execute(
        cached: """
          INSERT INTO topic_match (topic_id, meeting_id, extract, in_transcript, counts_from) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT DO NOTHING
          """,
        arguments: [topic, meeting, extract.marked, isInTranscript, countsFrom?.milliseconds]
      )
    }
  }

  /// By topic.
  private static func matches(of meeting: Int64, _ database: Database) throws -> [Int64: Match] {
    let rows = try Row.fetchAll(
      database,
      cached: "SELECT topic_id, extract, in_transcript, counts_from FROM topic_match WHERE meeting_id = ?",
      arguments: [meeting]
    )
    return Dictionary(
      uniqueKeysWithValues: rows.map { row in
        let match = Match(
          extract: MatchExtract(stored: row["extract"]),
          isInTranscript: row["in_transcript"],
          countsFrom: (row["counts_from"] as Int64?).map(Date.init(milliseconds:))
        )
        return (row["topic_id"], match)
      }
    )
  }
}
