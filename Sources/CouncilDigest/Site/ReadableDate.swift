import Foundation

/// Dates as people in the United Kingdom write them, in a given zone. Fixed patterns, so that a page looks the same
/// whatever the machine's language.
struct ReadableDate: Sendable {
  private let calendar: Calendar
  private let timeZone: TimeZone

  init(_ timeZone: TimeZone) {
    self.timeZone = timeZone
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = timeZone
    self.calendar = calendar
  }

  /// "Tuesday 30 September 2025".
  func day(_ date: Date) -> String {
    let parts = parts(of: date)
    return "\(Self.weekdays[parts.weekday]) \(parts.day) \(Self.months[parts.month]) \(parts.year)"
  }

  /// "30 September 2025".
  func shortDay(_ date: Date) -> String {
    let parts = parts(of: date)
    return "\(parts.day) \(Self.months[parts.month]) \(parts.year)"
  }

  /// "2pm", "2:30pm", "midday", "midnight": the style guide of GOV.UK.
  func time(_ date: Date) -> String {
    let parts = parts(of: date)
    if parts.minute == 0, parts.hour == 12 { return "midday" }
    if parts.minute == 0, parts.hour == 0 { return "midnight" }
    let hour = parts.hour % 12 == 0 ? 12 : parts.hour % 12
    let minutes = parts.minute == 0 ? "" : ":" + (parts.minute < 10 ? "0" : "") + "\(parts.minute)"
    return "\(hour)\(minutes)\(parts.hour < 12 ? "am" : "pm")"
  }

  func dayAndTime(_ date: Date) -> String { "\(day(date)), \(time(date))" }

  private struct Parts {
    var weekday, day, month, year, hour, minute: Int
  }

  private func parts(of date: Date) -> Parts {
    let parts = calendar.dateComponents([.weekday, .day, .month, .year, .hour, .minute], from: date)
    return Parts(
      weekday: (parts.weekday ?? 1) - 1,
      day: parts.day ?? 1,
      month: (parts.month ?? 1) - 1,
      year: parts.year ?? 0,
      hour: parts.hour ?? 0,
      minute: parts.minute ?? 0
    )
  }

  private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
}
