import Foundation
import GRDB

/// A meeting that somebody's own query matches.
struct QueryMatch: Equatable, Sendable {
  var query: Int64
  var meeting: Int64
  var extract: MatchExtract
  /// Only the transcript has the words.
  var isInTranscript = false
  /// When it became news, where a correction or a transcript brought the words after the meeting was announced.
  var countsFrom: Date?
  /// When professional readers heard of it by the transcript, before the summary had the words.
  var heardFrom: Date?

  /// When it became news is known once and for all, but for those who do not read transcripts.
  func put(_ stamp: Date, _ database: Database) throws {
    try database.execute(
      cached: """
        INSERT INTO query_match (topic_query_id, meeting_id, extract, in_transcript, counts_from, found_at)
        SELECT :query, :meeting, :extract, :transcript, :from, :stamp
        -- Either may have been deleted since it was looked at.
        WHERE EXISTS (SELECT 1 FROM meeting WHERE id = :meeting)
          AND EXISTS (SELECT 1 FROM topic_query WHERE id = :query)
        ON CONFLICT (topic_query_id, meeting_id) DO UPDATE SET
          extract = excluded.extract, in_transcript = excluded.in_transcript,
          found_at = max(query_match.found_at, excluded.found_at),
          -- Those who do not read transcripts hear of it only now.
          counts_from = CASE WHEN query_match.in_transcript > excluded.in_transcript THEN excluded.counts_from
            ELSE query_match.counts_from END,
          heard_from = CASE WHEN query_match.in_transcript > excluded.in_transcript
            THEN coalesce(query_match.heard_from, query_match.counts_from, 0) ELSE query_match.heard_from END
        """,
      arguments: [
        "query": query, "meeting": meeting, "extract": extract.marked, "transcript": isInTranscript,
        "from": countsFrom?.milliseconds, "stamp": stamp.milliseconds,
      ]
    )
  }

  /// When matches became news after their meetings had been announced.
  static func lateInstants(after start: Date, upTo end: Date, _ database: Database) throws -> Set<Date> {
    let instants = try Int64.fetchAll(
      database,
      sql: """
        SELECT counts_from FROM query_match WHERE counts_from > :start AND counts_from <= :end
        UNION SELECT heard_from FROM query_match WHERE counts_from > :start AND heard_from > :start
        """,
      arguments: ["start": start.milliseconds, "end": end.milliseconds]
    )
    return Set(instants.map(Date.init(milliseconds:)))
  }

  /// As it would be after `put`.
  func asKnown(_ database: Database) throws -> QueryMatch {
    let row = try Row.fetchOne(
      database,
      cached:
        "SELECT in_transcript, counts_from, heard_from FROM query_match WHERE topic_query_id = ? AND meeting_id = ?",
      arguments: [query, meeting]
    )
    guard let row else { return self }
    var known = self
    let countsFrom: Int64? = row["counts_from"]
    var heardFrom: Int64? = row["heard_from"]
    if row["in_transcript"] as Bool, !isInTranscript {
      heardFrom = heardFrom ?? countsFrom ?? 0
    } else {
      known.countsFrom = countsFrom.map(Date.init(milliseconds:))
    }
    known.heardFrom = heardFrom.map(Date.init(milliseconds:))
    return known
  }

  static func forget(of meeting: Int64, unlessFoundSince stamp: Date, _ database: Database) throws {
    try database.execute(
      cached: "DELETE FROM query_match WHERE meeting_id = ? AND found_at < ?",
      arguments: [meeting, stamp.milliseconds]
    )
  }

  /// Some of them.
  /// - Returns: whether there are more.
  static func forget(announcedBefore date: Date, _ database: Database) throws -> Bool {
    try database.execute(
      cached: """
        DELETE FROM query_match WHERE (topic_query_id, meeting_id) IN (
          SELECT topic_query_id, meeting_id FROM query_match JOIN meeting ON meeting.id = query_match.meeting_id
          WHERE announced_at < ? LIMIT ?)
        """,
      arguments: [date.milliseconds, sliceSize]
    )
    return database.changesCount == sliceSize
  }

  private static let sliceSize = 2_000
}

/// What some people's own queries match, and how they read.
struct OwnQueryMatches: Sendable {
  var texts: [Int64: String] = [:]
  /// By query, in the order of the meetings' ids.
  var matches: [Int64: [QueryMatch]] = [:]

  mutating func add(_ others: OwnQueryMatches) {
    texts.merge(others.texts) { $1 }
    matches.merge(others.matches) { $1 }
  }

  /// Those that were found for the run.
  static func fetch(_ queries: Set<Int64>, _ database: Database) throws -> OwnQueryMatches {
    var own = OwnQueryMatches()
    for query in queries.sorted() {
      own.texts[query] = try String.fetchOne(
        database,
        cached: "SELECT text FROM topic_query WHERE id = ?",
        arguments: [query]
      )
      let rows = try Row.fetchAll(
        database,
        cached: """
          SELECT meeting_id, extract, in_transcript, counts_from, heard_from FROM query_match
          WHERE topic_query_id = ? ORDER BY meeting_id
          """,
        arguments: [query]
      )
      guard !rows.isEmpty else { continue }
      own.matches[query] = rows.map { row in
        QueryMatch(
          query: query,
          meeting: row["meeting_id"],
          extract: MatchExtract(stored: row["extract"]),
          isInTranscript: row["in_transcript"],
          countsFrom: (row["counts_from"] as Int64?).map(Date.init(milliseconds:)),
          heardFrom: (row["heard_from"] as Int64?).map(Date.init(milliseconds:))
        )
      }
    }
    return own
  }
}
