import Foundation
import GRDB

/// How much a query finds, and whether that is more than anyone could want by email.
struct QueryReach: Equatable, Sendable {
  /// Meetings in the last twelve months.
  var meetings: Int
  /// Those of them that have been summarised at all.
  var summarised: Int
  /// How many weeks there have been meetings for.
  var weeks: Double

  static let maximumPerWeek = 30.0
  /// With fewer meetings than this nothing can be said about what a query will match.
  private static let minimumSummarised = 50

  var perWeek: Double { Double(meetings) / max(1, weeks) }

  private var matchesEverything: Bool {
    summarised >= Self.minimumSummarised && meetings * 10 >= summarised * 9
  }

  var isTooBroad: Bool { perWeek > Self.maximumPerWeek || matchesEverything }

  static func load(_ query: TopicQuery, now: Date, _ database: Database) throws -> QueryReach {
    let start = now.addingTimeInterval(-year)
    let found = try MeetingSearch(query: query, from: start, to: now, isSummarised: true)
      .find(limit: QueryHistory.maximumFound + 1, database)
    return try load(found: found.count, since: start, now: now, database)
  }

  static func load(found: Int, since start: Date, now: Date, _ database: Database) throws -> QueryReach {
    let row = try Row.fetchOne(
      database,
      cached: """
        SELECT count(*) AS meetings, min(starts_at) AS first FROM meeting
        WHERE starts_at >= ? AND starts_at < ? AND has_summary = 1
        """,
      arguments: [start.milliseconds, now.milliseconds]
    )
    let first = (row?["first"] as Int64?).map(Date.init(milliseconds:)) ?? now
    return QueryReach(
      meetings: found,
      summarised: row?["meetings"] ?? 0,
      weeks: (now.timeIntervalSince(first) / (7 * 86_400)).rounded(.up)
    )
  }

  private static let year: TimeInterval = 365 * 86_400

  /// As a sentence for who wants to follow it; nil when it is fine.
  func refusal(of query: TopicQuery) -> String? {
    guard isTooBroad else { return nil }
    let name = TopicQuery.quoted(query.description)
    let much =
      matchesEverything
      ? "\(name) matches nearly every meeting there is"
      : "\(name) matches about \(Int(perWeek.rounded())) meetings a week, and more than \(Int(Self.maximumPerWeek)) is too much for a letter"
    return "\(much). Add a word, put a phrase in quotation marks, or name one council, as council:its-name does"
  }
}
