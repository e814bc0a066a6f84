import Foundation
import GRDB

/// What became of letters and of subscribers in each of the last weeks, the oldest first.
struct WeeklyFigures: Equatable, Sendable {
  struct Week: Equatable, Sendable {
    var week: ISOWeek
    var monday: Date
    var sent = 0
    var failed = 0
    var uncertain = 0
    var hard = 0
    var soft = 0
    var complaints = 0
    /// At its end.
    var active = 0
    var joined = 0
    var left = 0
  }

  static let shownWeeks = 26
  /// No zone's clock differs from another's by less, so weeks begin at such moments everywhere.
  private static let slot: Int64 = 900_000

  var weeks: [Week]

  static func load(now: Date, _ zone: TimeZone, _ database: Database) throws -> WeeklyFigures {
    var figures = WeeklyFigures(weeks: self.weeks(until: now, zone))
    try figures.addRuns(database)
    try figures.addBounces(now: now, database)
    try figures.addSubscribers(database)
    return figures
  }

  private static func weeks(until now: Date, _ zone: TimeZone) -> [Week] {
    var calendar = Calendar(identifier: .iso8601)
    calendar.timeZone = zone
    guard let monday = ISOWeek(containing: now, in: zone).firstDay(in: zone) else { return [] }
    return (1 - shownWeeks...0).compactMap { offset in
      calendar.date(byAdding: .day, value: 7 * offset, to: monday).map {
        Week(week: ISOWeek(containing: $0, in: zone), monday: $0)
      }
    }
  }

  private mutating func addRuns(_ database: Database) throws {
    guard let first = weeks.first else { return }
    let runs = try Row.fetchAll(
      database,
      sql: "SELECT \(DigestRun.columns) FROM digest_run WHERE week >= ? ORDER BY id",
      arguments: [first.week.description]
    ).compactMap(DigestRun.init)
    for run in runs {
      guard let index = weeks.firstIndex(where: { $0.week.description == run.week }) else { continue }
      let counts = try run.counts(database)
      weeks[index].sent += counts.sent
      weeks[index].failed += counts.failed
      weeks[index].uncertain += counts.uncertain
    }
  }

  private mutating func addBounces(now: Date, _ database: Database) throws {
    for index in weeks.indices {
      let end = index + 1 < weeks.count ? weeks[index + 1].monday : now.addingTimeInterval(1)
      let rows = try Row.fetchAll(
        database,
        cached: "SELECT kind, count(*) AS count FROM bounce WHERE received_at >= ? AND received_at < ? GROUP BY kind",
        arguments: [weeks[index].monday.milliseconds, end.milliseconds]
      )
      for row in rows {
        switch row["kind"] as String {
        case "hard": weeks[index].hard = row["count"]
        case "soft": weeks[index].soft = row["count"]
        default: weeks[index].complaints = row["count"]
        }
      }
    }
  }

  /// From those that are known today: who was erased, or is suppressed, is not in earlier weeks either.
  private mutating func addSubscribers(_ database: Database) throws {
    guard let first = weeks.first?.monday.milliseconds else { return }
    let joined = try slots(
      """
      SELECT min(consent.confirmed_at) AS at FROM consent JOIN subscriber ON subscriber.id = subscriber_id
      WHERE consent.confirmed_at IS NOT NULL AND state IN ('active', 'unsubscribed') GROUP BY subscriber_id
      """,
      since: first,
      database
    )
    let left = try slots(
      "SELECT unsubscribed_at AS at FROM subscriber WHERE state = 'unsubscribed' AND unsubscribed_at IS NOT NULL",
      since: first,
      database
    )
    var active = 0
    for index in weeks.indices {
      let start = weeks[index].monday.milliseconds
      let end = index + 1 < weeks.count ? weeks[index + 1].monday.milliseconds : Int64.max
      if index == 0 { active = (joined[first - 1] ?? 0) - (left[first - 1] ?? 0) }
      weeks[index].joined = joined.filter { $0.key >= start && $0.key < end }.values.reduce(0, +)
      weeks[index].left = left.filter { $0.key >= start && $0.key < end }.values.reduce(0, +)
      active += weeks[index].joined - weeks[index].left
      weeks[index].active = active
    }
  }

  /// How often something was at which quarter of an hour; all that was before `first` counts at the moment before it.
  private func slots(_ times: String, since first: Int64, _ database: Database) throws -> [Int64: Int] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT CASE WHEN at < :first THEN :first - 1 ELSE at - at % :slot END AS slot, count(*) AS count
        FROM (\(times)) GROUP BY slot
        """,
      arguments: ["first": first, "slot": Self.slot]
    )
    return Dictionary(uniqueKeysWithValues: rows.map { ($0["slot"], $0["count"]) })
  }
}
