import Foundation
import GRDB

/// Finds which topics a meeting's transcript speaks of and its summary does not; professional readers hear of those. A
/// transcript has megabytes, so it is read beside the writer, not in the transaction that brought it.
struct MatchTranscripts: Sendable {
  let store: Store
  let queries: TopicQueries

  /// Looks at all that have not been looked at.
  func callAsFunction() async throws {
    while !Task.isCancelled, let looked = try await store.read({ try look($0) }) {
      try await store.write { try looked.put($0) }
    }
  }

  /// Its words changed, or the summary's did.
  static func lookAgain(at meeting: Int64, _ database: Database) throws {
    try database.execute(cached: "UPDATE transcript SET is_unmatched = 1 WHERE meeting_id = ?", arguments: [meeting])
  }

  /// A topic changed; what was announced long ago is no news in any case.
  static func lookAgain(at now: Date, _ database: Database) throws {
    try database.execute(
      cached: """
        UPDATE transcript SET is_unmatched = 1 WHERE is_unmatched = 0 AND meeting_id IN (
          SELECT id FROM meeting WHERE announced_at > ?)
        """,
      arguments: [now.addingTimeInterval(-Announcement.recent).milliseconds]
    )
  }

  /// The words as they were read, and what they match.
  private struct Looked: Sendable {
    var words: Words
    var topics: [Topic]
    var matches: [TopicMatch] = []

    /// Does nothing when something changed meanwhile: it is looked at again.
    func put(_ database: Database) throws {
      guard try Words.fetch(words.meeting, database) == words,
        try Topic.list(limit: Topic.maximumCount, database) == topics
      else { return }
      for match in matches { try match.put(database) }
      try database.execute(
        cached: """
          DELETE FROM topic_match WHERE meeting_id = :meeting AND in_transcript = 1
            AND topic_id NOT IN (SELECT value FROM json_each(:topics))
          """,
        arguments: ["meeting": words.meeting, "topics": "[\(matches.map { "\($0.topic)" }.joined(separator: ","))]"]
      )
      try database.execute(
        cached: "UPDATE transcript SET is_unmatched = 0 WHERE meeting_id = ?",
        arguments: [words.meeting]
      )
    }
  }

  /// Which words a meeting and its transcript have, and since when.
  private struct Words: Equatable, Sendable {
    var meeting: Int64
    var revision: Int64
    var putAt: Date
    /// When they came after the meeting was announced.
    var news: Date?

    static func fetch(_ meeting: Int64, _ database: Database) throws -> Words? {
      let row = try Row.fetchOne(
        database,
        cached: """
          SELECT revision_id, put_at, announced_at FROM transcript JOIN meeting ON meeting.id = meeting_id
          WHERE meeting_id = ?
          """,
        arguments: [meeting]
      )
      return row.map { row in
        let putAt = Date(milliseconds: row["put_at"])
        let announcedAt = (row["announced_at"] as Int64?).map(Date.init(milliseconds:))
        let news = announcedAt.flatMap { $0 < putAt ? putAt : nil }
        return Words(meeting: meeting, revision: row["revision_id"], putAt: putAt, news: news)
      }
    }
  }

  private func look(_ database: Database) throws -> Looked? {
    let row = try Row.fetchOne(
      database,
      cached: "SELECT meeting_id, text FROM transcript WHERE is_unmatched = 1 ORDER BY meeting_id LIMIT 1",
      arguments: []
    )
    guard let row, let words = try Words.fetch(row["meeting_id"], database) else { return nil }
    var looked = Looked(words: words, topics: try Topic.list(limit: Topic.maximumCount, database))
    guard let (meeting, text) = try MeetingText.fetch([words.meeting], database).first else { return looked }
    let open = try TextIndex([TextIndex.Text(meeting, text)], database)
    let whole = try TextIndex(
      [TextIndex.Text(meeting, text, transcript: WordTokenizer.Mark.strip(row["text"]))],
      database
    )
    var find = FindExtract(in: 0, of: whole)
    for topic in looked.topics {
      let query = try queries.query(topic.query)
      guard open.texts(matching: query).isEmpty, !whole.texts(matching: query).isEmpty else { continue }
      looked.matches.append(
        TopicMatch(
          topic: topic.id,
          meeting: meeting,
          extract: find(query),
          isInTranscript: true,
          countsFrom: words.news
        )
      )
    }
    return looked
  }
}
