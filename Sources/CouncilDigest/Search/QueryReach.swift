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

  init(found: Int, of year: SummarisedMeetings, now: Date) {
    meetings = found
    summarised = year.count
    weeks = (now.timeIntervalSince(year.first ?? now) / (7 * 86_400)).rounded(.up)
  }

  var perWeek: Double { Double(meetings) / max(1, weeks) }

  private var matchesEverything: Bool {
    summarised >= Self.minimumSummarised && meetings * 10 >= summarised * 9
  }

  var isTooBroad: Bool { perWeek > Self.maximumPerWeek || matchesEverything }

  static func load(_ query: TopicQuery, now: Date, _ database: Database) throws -> QueryReach {
    let year = try SummarisedMeetings.lastTwelveMonths(before: now, database)
    let found = try year.find(query, limit: QueryHistory.maximumFound + 1, database)
    return QueryReach(found: found.count, of: year, now: now)
  }

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
