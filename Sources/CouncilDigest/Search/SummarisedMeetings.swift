import Foundation
import GRDB

/// The meetings of a time that a digest could have carried.
struct SummarisedMeetings: Sendable {
  var from: Date
  var to: Date
  var count: Int
  /// When the first of them started.
  var first: Date?
  /// None of them arrived before this one.
  private var firstArrived: Int64?

  static func lastTwelveMonths(before now: Date, _ database: Database) throws -> SummarisedMeetings {
    try load(from: now.addingTimeInterval(-365 * 86_400), to: now, database)
  }

  static func load(from: Date, to: Date, _ database: Database) throws -> SummarisedMeetings {
    let row = try Row.fetchOne(
      database,
      cached: """
        SELECT count(*) AS meetings, min(starts_at) AS first, min(id) AS arrived FROM meeting
        WHERE starts_at >= ? AND starts_at < ? AND has_summary = 1
        """,
      arguments: [from.milliseconds, to.milliseconds]
    )
    return SummarisedMeetings(
      from: from,
      to: to,
      count: row?["meetings"] ?? 0,
      first: (row?["first"] as Int64?).map(Date.init(milliseconds:)),
      firstArrived: row?["arrived"]
    )
  }

  /// Those that a query finds, newest first.
  func find(_ query: TopicQuery, limit: Int, _ database: Database) throws -> [MeetingSearch.Found] {
    guard count > 0 else { return [] }
    return try MeetingSearch(query: query, from: from, to: to, isSummarised: true, firstArrived: firstArrived)
      .find(limit: limit, database)
  }
}
