import Foundation
import GRDB

/// Which meetings are looked for: words and filters, all of which must hold.
struct MeetingSearch: Sendable {
  var query: TopicQuery?
  var council: Int64?
  /// Part of its slug.
  var committee: String?
  var topic: Int64?
  /// When they start.
  var from: Date?
  var to: Date?
  /// Only those that a digest could have carried.
  var isSummarised = false
  /// None that starts within the time arrived before this one. The index goes by the order of arrival: what is before is
  /// not looked at.
  var firstArrived: Int64?

  struct Found: Equatable, Sendable {
    var meeting: Int64
    var council: Int64
    var startsAt: Date
  }

  /// The newest, by when they start. With more than `limit` those that arrived last are looked at.
  func find(limit: Int, _ database: Database) throws -> [Found] {
    var conditions: [String] = []
    var arguments: [String: (any DatabaseValueConvertible)?] = ["limit": limit]
    func require(_ condition: String, _ name: String, _ value: (any DatabaseValueConvertible)?) {
      guard let value else { return }
      conditions.append(condition)
      arguments[name] = value
    }
    require("meeting_text MATCH :query", "query", query?.fullTextExpression)
    require("meeting.council_id = :council", "council", council)
    require(
      "meeting.committee_id IN (SELECT id FROM committee WHERE instr(slug, :committee) > 0)",
      "committee",
      committee
    )
    require("topic_match.topic_id = :topic AND topic_match.in_transcript = 0", "topic", topic)
    require("meeting.starts_at >= :from", "from", from?.milliseconds)
    require("meeting.starts_at < :to", "to", to?.milliseconds)
    if isSummarised { conditions.append("meeting.has_summary = 1") }
    if query != nil, let from {
      guard let first = try firstArrived ?? Self.firstArrived(from: from, database) else { return [] }
      require("meeting_text.rowid >= :first", "first", first)
    }
    let source =
      query == nil ? "meeting" : "meeting_text JOIN meeting ON meeting.id = meeting_text.rowid"
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT meeting.id, meeting.council_id, meeting.starts_at FROM \(source)
        \(topic == nil ? "" : "JOIN topic_match ON topic_match.meeting_id = meeting.id")
        \(conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND "))
        ORDER BY \(query == nil ? "meeting.starts_at" : "meeting_text.rowid") DESC LIMIT :limit
        """,
      arguments: StatementArguments(arguments)
    )
    var found: [Found] = []
    while let row = try rows.next() {
      found.append(Found(meeting: row[0], council: row[1], startsAt: Date(milliseconds: row[2])))
    }
    return found.sorted { ($0.startsAt, $0.meeting) > ($1.startsAt, $1.meeting) }
  }

  private static func firstArrived(from: Date, _ database: Database) throws -> Int64? {
    try Int64.fetchOne(
      database,
      cached: "SELECT min(id) FROM meeting WHERE starts_at >= ?",
      arguments: [from.milliseconds]
    )
  }
}

extension MeetingSearch.Found {
  /// Why a query finds each of some meetings.
  static func extracts(
    of query: TopicQuery,
    from meetings: [Int64],
    _ database: Database
  ) throws -> [Int64: MatchExtract] {
    let texts = try MeetingText.fetch(meetings, database).map { TextIndex.Text($0, $1) }
    return extracts(of: query, from: meetings, in: try TextIndex(texts, database))
  }

  /// The same, from those of the meetings that an index has.
  static func extracts(of query: TopicQuery, from meetings: [Int64], in index: TextIndex) -> [Int64: MatchExtract] {
    var extracts: [Int64: MatchExtract] = [:]
    for (text, meeting) in index.texts.map(\.id).enumerated() where meetings.contains(meeting) {
      var find = FindExtract(in: text, of: index)
      extracts[meeting] = find(query)
    }
    return extracts
  }
}
