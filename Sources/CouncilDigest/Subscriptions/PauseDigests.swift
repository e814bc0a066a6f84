import Foundation
import GRDB

/// A reader's holiday: no digest until a date; the first one after it covers what was missed.
enum PauseDigests {
  static let longestDays = 366

  /// The instant at which a day begins, when it may be chosen.
  /// - Parameter text: `2026-12-20`, as date fields of forms send it.
  static func start(of text: String, now: Date, in timeZone: TimeZone) -> Result<Date, FieldProblem> {
    let problem = { (detail: String) in Result<Date, FieldProblem>.failure(FieldProblem("until", detail)) }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 3, text.utf8.count <= 10, let year = parts[0], let month = parts[1], let day = parts[2] else {
      return problem("Enter a date, for example 2026-12-20")
    }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = timeZone
    let wanted = DateComponents(year: year, month: month, day: day)
    guard wanted.isValidDate(in: calendar), let date = calendar.date(from: wanted) else {
      return problem("Enter a date that exists")
    }
    guard date > now else { return problem("Choose a date in the future") }
    guard date.timeIntervalSince(now) <= Double(longestDays) * 86_400 else {
      return problem("Choose a date within a year")
    }
    return .success(date)
  }

  /// - Parameter date: nil goes on at once.
  static func set(_ date: Date?, for subscriber: Int64, _ database: Database) throws {
    try database.execute(
      sql: "UPDATE subscriber SET paused_until = ? WHERE id = ? AND state = 'active'",
      arguments: [date?.milliseconds, subscriber]
    )
  }
}
