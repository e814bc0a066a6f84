import Foundation
import GRDB

/// What a query would have caught in the last twelve months.
struct QueryHistory: Sendable {
  struct Week: Equatable, Sendable {
    var monday: Date
    var meetings: Int
  }

  /// Oldest first, the current one last; only those of which all was looked at.
  var weeks: [Week]
  /// By council, most first.
  var councils: [(council: Int64, meetings: Int)]
  /// Newest first.
  var found: [MeetingSearch.Found]
  /// There are more than are looked at.
  var isCut: Bool
  var reach: QueryReach

  /// A query that finds more is too broad for anyone to follow.
  static let maximumFound = 1_600
  static let shownWeeks = 53

  static func load(_ query: TopicQuery, now: Date, timeZone: TimeZone, _ database: Database) throws -> QueryHistory {
    var calendar = Calendar(identifier: .iso8601)
    calendar.timeZone = timeZone
    let thisWeek = calendar.dateInterval(of: .weekOfYear, for: now)?.start ?? now
    let mondays = (0..<shownWeeks).reversed().compactMap {
      calendar.date(byAdding: .weekOfYear, value: -$0, to: thisWeek)
    }
    let start = mondays.first ?? now
    let year = try SummarisedMeetings.load(from: start, to: now, database)
    let found = try year.find(query, limit: maximumFound + 1, database)
    var perWeek = [Int](repeating: 0, count: mondays.count)
    var perCouncil: [Int64: Int] = [:]
    for meeting in found {
      perCouncil[meeting.council, default: 0] += 1
      if let week = mondays.lastIndex(where: { $0 <= meeting.startsAt }) { perWeek[week] += 1 }
    }
    let isCut = found.count > maximumFound
    // What is cut off are the oldest: the week they begin in has more than was found.
    let complete = isCut ? found.last?.startsAt ?? start : .distantPast
    return QueryHistory(
      weeks: zip(mondays, perWeek).filter { $0.0 > complete }.map { Week(monday: $0, meetings: $1) },
      councils: perCouncil.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) },
      found: Array(found.prefix(maximumFound)),
      isCut: isCut,
      reach: QueryReach(found: found.count, of: year, now: now)
    )
  }
}
