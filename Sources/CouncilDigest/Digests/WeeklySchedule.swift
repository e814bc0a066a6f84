import Foundation

/// When digests leave: one weekday and wall-clock time in the site's zone. Pure: weeks are 167, 168 or 169 hours long.
public struct WeeklySchedule: Equatable, Sendable {
  public enum Weekday: String, CaseIterable, Sendable {
    case sunday, monday, tuesday, wednesday, thursday, friday, saturday

    /// As Foundation numbers them, Sunday first.
    var number: Int { (Self.allCases.firstIndex(of: self) ?? 0) + 1 }
  }

  public var weekday: Weekday
  public var hour: Int
  public var minute: Int
  public var timeZone: TimeZone

  public init(weekday: Weekday, hour: Int, minute: Int, timeZone: TimeZone) {
    self.weekday = weekday
    self.hour = hour
    self.minute = minute
    self.timeZone = timeZone
  }

  /// The first scheduled instant after `date`.
  public func next(after date: Date) -> Date {
    instants(around: date).first { $0 > date } ?? date.addingTimeInterval(7 * 86_400)
  }

  /// The last scheduled instant at or before `date`.
  public func latest(atOrBefore date: Date) -> Date {
    instants(around: date).last { $0 <= date } ?? date.addingTimeInterval(-7 * 86_400)
  }

  /// The scheduled instants of the fortnight around `date`. The day is found first and the hour set on it: asking
  /// Foundation on Linux for the next matching date skips a week when daylight saving removes the hour. An hour that
  /// does not exist becomes the one after it; of one that comes twice the first counts.
  private func instants(around date: Date) -> [Date] {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = timeZone
    let noon = calendar.startOfDay(for: date).addingTimeInterval(12 * 3_600)
    return (-8...8).compactMap { offset in
      guard let day = calendar.date(byAdding: .day, value: offset, to: noon),
        calendar.component(.weekday, from: day) == weekday.number
      else { return nil }
      var parts = calendar.dateComponents([.year, .month, .day], from: day)
      parts.hour = hour
      parts.minute = minute
      return calendar.date(from: parts)
    }
  }
}
