import Foundation
import GRDB

/// Corrections that readers of earlier editions have not heard of: each revision that says what was wrong, with the
/// editions that carried an older one of the same meeting.
struct SentCorrections: Sendable {
  private var madeAt: [Int64: Date] = [:]
  private var byEdition: [Int64: [Int64]] = [:]
  /// The runs whose letters carried them.
  private var runs: Set<Int64> = []

  var isEmpty: Bool { byEdition.isEmpty }

  /// When the corrections were made.
  var instants: [Date] { Array(madeAt.values) }

  static func load(after start: Date, upTo end: Date, _ database: Database) throws -> SentCorrections {
    var corrections = SentCorrections()
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT correction.id, correction.created_at, edition_item.edition_id, edition.run_id
        FROM meeting_revision AS correction
        JOIN meeting_revision AS older ON older.meeting_id = correction.meeting_id AND older.number < correction.number
        JOIN edition_item ON edition_item.revision_id = older.id
        JOIN edition ON edition.id = edition_item.edition_id
        WHERE correction.correction IS NOT NULL AND correction.created_at > ? AND correction.created_at <= ?
        ORDER BY correction.id
        """,
      arguments: [start.milliseconds, end.milliseconds]
    )
    for row in rows {
      let id: Int64 = row["id"]
      corrections.madeAt[id] = Date(milliseconds: row["created_at"])
      corrections.byEdition[row["edition_id"], default: []].append(id)
      corrections.runs.insert(row["run_id"])
    }
    return corrections
  }

  /// Those for each subscriber of a range of ids who was sent such an edition and whose window is open since before.
  func bySubscriber(
    _ windows: [Int64: Date],
    _ range: ClosedRange<Int64>,
    _ database: Database
  ) throws -> [Int64: [Int64]] {
    guard !isEmpty else { return [:] }
    let rows = try runs.sorted().flatMap { run in
      try Row.fetchAll(
        database,
        cached: """
          SELECT subscriber_id, edition_id FROM outgoing_mail
          WHERE run_id = ? AND subscriber_id BETWEEN ? AND ? AND state = 'sent'
          """,
        arguments: [run, range.lowerBound, range.upperBound]
      )
    }
    var found: [Int64: Set<Int64>] = [:]
    for row in rows {
      let subscriber: Int64 = row["subscriber_id"]
      guard let window = windows[subscriber], let edition: Int64 = row["edition_id"], let revisions = byEdition[edition]
      else { continue }
      found[subscriber, default: []].formUnion(revisions.filter { madeAt[$0].map { $0 > window } ?? false })
    }
    return found.mapValues { $0.sorted() }
  }
}
