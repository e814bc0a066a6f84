import Foundation

/// A week of ISO 8601: Monday to Sunday, numbered by the year its Thursday is in. 1 January 2027 is in 2026-W53.
struct ISOWeek: Hashable, Comparable, Sendable, CustomStringConvertible {
  var year: Int
  var week: Int

  var description: String { "\(year)-W\(week < 10 ? "0" : "")\(week)" }

  init(containing date: Date, in timeZone: TimeZone) {
    let parts = Self.calendar(timeZone).dateComponents([.yearForWeekOfYear, .weekOfYear], from: date)
    year = parts.yearForWeekOfYear ?? 0
    week = parts.weekOfYear ?? 0
  }

  /// `2026-W47`; nil for anything else, and for a week 53 in a year that has 52.
  init?(parsing text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 8, bytes[4] == 0x2D, bytes[5] == 0x57,
      (bytes[..<4] + bytes[6...]).allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let year = Int(text.prefix(4)),
      let week = Int(text.suffix(2)), year >= 1970, (1...Self.weeks(in: year)).contains(week)
    else { return nil }
    self.year = year
    self.week = week
  }

  /// The start of its Monday.
  func firstDay(in timeZone: TimeZone) -> Date? {
    Self.calendar(timeZone).date(from: DateComponents(weekday: 2, weekOfYear: week, yearForWeekOfYear: year))
  }

  static func < (left: ISOWeek, right: ISOWeek) -> Bool {
    (left.year, left.week) < (right.year, right.week)
  }

  /// 28 December is always in the last week of its year.
  private static func weeks(in year: Int) -> Int {
    guard let zone = TimeZone(secondsFromGMT: 0) else { return 52 }
    let calendar = calendar(zone)
    let day = calendar.date(from: DateComponents(year: year, month: 12, day: 28, hour: 12))
    return day.map { calendar.component(.weekOfYear, from: $0) } ?? 52
  }

  private static func calendar(_ timeZone: TimeZone) -> Calendar {
    var calendar = Calendar(identifier: .iso8601)
    calendar.timeZone = timeZone
    return calendar
  }
}
