import Foundation
import GRDB
import HTTPServer

/// `GET /api/v1/export/content` and `…/subscribers`: everything, in pages, for the command `export`. Content is in the lines that an
/// import takes, in the order in which it came: imported again it gives the same pages.
struct ExportAPI: Sendable {
  let store: Store

  /// Of one page: a meeting may have a transcript of megabytes.
  private static let linesAtOnce = 50
  private static let pageBytes = 2_097_152
  private static let rowsAtOnce = 2_000

  /// A line of an import.
  private struct Line: Encodable, Sendable {
    var council: CouncilItem?
    var topic: TopicItem?
    var meeting: MeetingItem?
  }

  /// What comes one after the other.
  private enum Part: String, CaseIterable {
    case council, topic, meeting
  }

  func content(_ request: Request) async throws -> Response {
    let place = try Self.place(request)
    let page = try await store.read { try Self.page(place, $0) }
    return try JSONOutput.response(.ok, page)
  }

  /// `meeting:123` is after that meeting.
  private static func place(_ request: Request) throws -> (part: Part, after: Int64) {
    guard let text = try QueryString(request).first("after") else { return (.council, 0) }
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2, let part = Part(rawValue: parts[0]), let id = Int64(parts[1]) else {
      throw Refusal.invalid([FieldProblem("after", "Not a cursor of this list")])
    }
    return (part, id)
  }

  private static func page(_ place: (part: Part, after: Int64), _ database: Database) throws -> ListPage<Line> {
    let ids = try Int64.fetchAll(
      database,
      sql: "SELECT id FROM \(place.part.rawValue) WHERE id > ? ORDER BY id LIMIT ?",
      arguments: [place.after, linesAtOnce]
    )
    var lines: [Line] = []
    var last: Int64?
    var bytes = 0
    for id in ids where bytes < pageBytes {
      if let line = try line(place.part, id, database) {
        bytes += line.meeting.map { $0.transcript?.utf8.count ?? 0 } ?? 0
        lines.append(line)
      }
      last = id
    }
    if let last, ids.count == linesAtOnce || last != ids.last {
      return ListPage(items: lines, next: "\(place.part.rawValue):\(last)")
    }
    let following = Part.allCases.drop { $0 != place.part }.dropFirst().first
    return ListPage(items: lines, next: following.map { "\($0.rawValue):0" })
  }

  private static func line(_ part: Part, _ id: Int64, _ database: Database) throws -> Line? {
    switch part {
    case .council: return try Council.find(id: id, database).map { Line(council: try CouncilItem($0, database)) }
    case .topic:
      let slug = try String.fetchOne(database, sql: "SELECT slug FROM topic WHERE id = ?", arguments: [id])
      return try slug.map { Line(topic: TopicItem(try Topic.require($0, database))) }
    case .meeting:
      guard let meeting = try Meeting.fetch([id], database).first else { return nil }
      let transcript = try String.fetchOne(
        database,
        cached: "SELECT text FROM transcript WHERE meeting_id = ?",
        arguments: [id]
      )
      return Line(meeting: try MeetingItem(meeting, transcript: transcript, database))
    }
  }

  /// What somebody follows, with the consent it rests on.
  private struct Follower: Encodable, Sendable {
    var email: String
    var state: String
    var follows: String
    var scope: String
    var source: String
    /// Of one that was given elsewhere.
    var evidence: String?
    var form: String
    var requestedAt: Date
    var confirmedAt: Date?
    var withdrawnAt: Date?
    var isActive: Bool

    init(_ target: FollowTarget, _ row: Row) {
      email = row["email"]
      state = row["state"]
      follows = target.reference
      scope = row["scope"]
      source = row["source"]
      evidence = row["evidence"]
      form = row["form_version"]
      requestedAt = Date(milliseconds: row["requested_at"])
      confirmedAt = (row["confirmed_at"] as Int64?).map(Date.init(milliseconds:))
      withdrawnAt = (row["withdrawn_at"] as Int64?).map(Date.init(milliseconds:))
      isActive = row["is_active"]
    }
  }

  func subscribers(_ request: Request) async throws -> Response {
    let after = try Paging(request).afterID()
    let page = try await store.read { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT consent.id, email, subscriber.state, scope, source, evidence, form_version, requested_at, consent.confirmed_at,
            withdrawn_at, subscriber.id AS subscriber_id
          FROM consent JOIN subscriber ON subscriber.id = consent.subscriber_id
          WHERE consent.id > ? ORDER BY consent.id LIMIT ?
          """,
        arguments: [after, Self.rowsAtOnce]
      )
      let followers = try rows.flatMap { row in
        let active = Set(
          try String.fetchAll(
            database,
            sql: "SELECT target FROM subscription WHERE consent_id = ? AND state = 'active'",
            arguments: [row["id"] as Int64]
          )
        )
        return try FollowTarget.fetch(consent: row["id"], database).map { target in
          var values = Dictionary(row.map { ($0, $1) }) { first, _ in first }
          values["is_active"] = active.contains(target.key).databaseValue
          return Follower(target, Row(values))
        }
      }
      let next = rows.count == Self.rowsAtOnce ? (rows.last?["id"] as Int64?).map(String.init) : nil
      return ListPage(items: followers, next: next)
    }
    return try JSONOutput.response(.ok, page)
  }
}
