import Foundation
import GRDB

/// The meetings whose words may be news in a run: announced within it, or changed since.
struct MatchableMeetings: Sendable {
  struct Entry: Equatable, Sendable {
    var meeting: Int64
    /// When its words changed after it was announced, if they did; `before` is the revision until then.
    var changed: Change?
    /// The transcript came after the announcement.
    var transcriptAt: Date?
    var textCharacters: Int
    var transcriptCharacters: Int
  }

  struct Change: Equatable, Sendable {
    var at: Date
    var before: Int64
  }

  /// In the order of their ids.
  var entries: [Entry]

  static func recent(at end: Date) -> Date { end.addingTimeInterval(-Announcement.recent) }

  static func load(after start: Date, upTo end: Date, _ database: Database) throws -> MatchableMeetings {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT meeting.id, announced_at, transcript.put_at, length(meeting_revision.content) AS text_characters,
          coalesce(length(transcript.text), 0) AS transcript_characters, meeting_revision.created_at,
          (SELECT max(before.id) FROM meeting_revision AS before
            WHERE before.meeting_id = meeting.id AND before.id <> meeting.revision_id
              AND before.created_at <= max(announced_at, :start)) AS before
        FROM meeting
        JOIN meeting_revision ON meeting_revision.id = meeting.revision_id
        LEFT JOIN transcript ON transcript.meeting_id = meeting.id
        WHERE has_summary = 1 AND is_mailed = 1 AND announced_at <= :end AND (
          announced_at > :start
          OR (announced_at > :recent AND meeting_revision.number > 1 AND meeting_revision.created_at > :start)
          OR (announced_at > :recent AND transcript.put_at > :start))
        ORDER BY meeting.id
        """,
      arguments: [
        "start": start.milliseconds, "end": end.milliseconds, "recent": recent(at: end).milliseconds,
      ]
    )
    return MatchableMeetings(entries: rows.map(Entry.init))
  }

  /// When their words changed or came after they were announced.
  var instants: Set<Date> { Set(entries.flatMap { [$0.changed?.at, $0.transcriptAt].compactMap(\.self) }) }

  /// Batches whose texts fit into one index.
  func batches(_ bytes: (Entry) -> Int) -> [[Entry]] {
    var batches: [[Entry]] = []
    var room = 0
    for entry in entries {
      let size = bytes(entry)
      if room < size || batches.last?.count ?? Int.max >= TextIndex.maximumTexts {
        batches.append([])
        room = Self.batchCharacters
      }
      batches[batches.count - 1].append(entry)
      room -= size
    }
    return batches
  }

  /// Some six characters a word.
  private static let batchCharacters = 6 * TextIndex.maximumWords
}

extension MatchableMeetings.Entry {
  fileprivate init(row: Row) {
    meeting = row["id"]
    textCharacters = row["text_characters"]
    transcriptCharacters = row["transcript_characters"]
    let announced: Int64 = row["announced_at"]
    let revised: Int64 = row["created_at"]
    if revised > announced, let before: Int64 = row["before"] {
      changed = MatchableMeetings.Change(at: Date(milliseconds: revised), before: before)
    }
    if let put: Int64 = row["put_at"], put > announced { transcriptAt = Date(milliseconds: put) }
  }
}
