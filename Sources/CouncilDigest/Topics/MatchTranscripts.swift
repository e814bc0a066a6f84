import Foundation
import GRDB

/// Finds which topics a meeting's transcript speaks of and its summary does not; professional readers hear of those. A
/// transcript has megabytes, so it is read beside the writer, not in the transaction that brought it; at the latest when a
/// run is planned.
struct MatchTranscripts: Sendable {
  let store: Store
  let queries: TopicQueries

  /// Looks at all that have not been looked at.
  func callAsFunction() async throws {
    while !Task.isCancelled, let meeting = try await store.read({ try Self.next($0) }) { try await look(at: meeting) }
  }

  /// Looks at one, if it has not been looked at.
  func look(at meeting: Int64) async throws {
    guard let looked = try await store.read({ try look(at: meeting, $0) }) else { return }
    try await store.write { try looked.put($0) }
  }

  private static func next(_ database: Database) throws -> Int64? {
    try Int64.fetchOne(
      database,
      cached: "SELECT meeting_id FROM transcript_unmatched ORDER BY meeting_id LIMIT 1",
      arguments: []
    )
  }

  /// Its words changed, or the summary's did.
  static func lookAgain(at meeting: Int64, now: Date, _ database: Database) throws {
    try mark("id = :meeting AND announced_at > :recent", ["meeting": meeting, "recent": recent(now)], database)
  }

  /// A topic changed.
  static func lookAgain(now: Date, _ database: Database) throws {
    try mark("announced_at > :recent", ["recent": recent(now)], database)
  }

  /// What was announced long ago is no news in any case.
  private static func recent(_ now: Date) -> Int64 { now.addingTimeInterval(-Announcement.recent).milliseconds }

  private static func mark(_ condition: String, _ arguments: StatementArguments, _ database: Database) throws {
    try database.execute(
      cached: """
        INSERT INTO transcript_unmatched (meeting_id) SELECT id FROM meeting
        WHERE \(condition) AND EXISTS (SELECT 1 FROM transcript WHERE transcript.meeting_id = meeting.id)
        ON CONFLICT DO NOTHING
        """,
      arguments: arguments
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
        arguments: ["meeting": words.meeting, "topics": JSONNumbers.array(matches.map(\.topic))]
      )
      try database.execute(
        cached: "DELETE FROM transcript_unmatched WHERE meeting_id = ?",
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

  private func look(at meeting: Int64, _ database: Database) throws -> Looked? {
    let row = try Row.fetchOne(
      database,
      cached: """
        SELECT text FROM transcript_unmatched JOIN transcript ON transcript.meeting_id = transcript_unmatched.meeting_id
        WHERE transcript_unmatched.meeting_id = ?
        """,
      arguments: [meeting]
    )
    guard let row, let words = try Words.fetch(meeting, database) else { return nil }
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
