import Foundation
import GRDB

/// What a query would have caught in the last twelve months.
struct QueryHistory: Sendable {
  struct Week: Equatable, Sendable {
    var monday: Date
    var meetings: Int
  }

  /// Oldest first, the current one last.
  var weeks: [Week]
  /// By council, most first.
  var councils: [(council: Int64, meetings: Int)]
  /// Newest first.
  var found: [MeetingSearch.Found]
  /// There are more than are looked at.
  var isCut: Bool
  var reach: QueryReach

  /// A query that finds more is too broad for anyone to follow.
  static let maximumFound = 5_000
  private static let shownWeeks = 53

  static func load(_ query: TopicQuery, now: Date, timeZone: TimeZone, _ database: Database) throws -> QueryHistory {
    var calendar = Calendar(identifier: .iso8601)
    calendar.timeZone = timeZone
    let thisWeek = calendar.dateInterval(of: .weekOfYear, for: now)?.start ?? now
    let mondays = (0..<shownWeeks).reversed().compactMap {
      calendar.date(byAdding: .weekOfYear, value: -$0, to: thisWeek)
    }
    let start = mondays.first ?? now
    let search = MeetingSearch(query: query, from: start, to: now, isSummarised: true)
    let found = try search.find(limit: maximumFound + 1, database)
    var perWeek = [Int](repeating: 0, count: mondays.count)
    var perCouncil: [Int64: Int] = [:]
    for meeting in found {
      perCouncil[meeting.council, default: 0] += 1
      if let week = mondays.lastIndex(where: { $0 <= meeting.startsAt }) { perWeek[week] += 1 }
    }
    return QueryHistory(
      weeks: zip(mondays, perWeek).map { Week(monday: $0, meetings: $1) },
      councils: perCouncil.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) },
      found: Array(found.prefix(maximumFound)),
      isCut: found.count > maximumFound,
      reach: try QueryReach.load(found: found.count, since: start, now: now, database)
    )
  }
}

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

  fileprivate static func load(found: Int, since start: Date, now: Date, _ database: Database) throws -> QueryReach {
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
