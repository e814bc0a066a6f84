import Foundation

/// A time with its offset (RFC 3339 §5.6), kept as it was written. Read by hand: Foundation's parser takes 30 February
/// for 2 March.
struct RFC3339: Equatable, Sendable {
  var text: String
  var date: Date

  init?(_ text: String) {
    let pattern = /(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))/
      .asciiOnlyDigits()
    guard let match = text.wholeMatch(of: pattern) else { return nil }
    func number(_ part: Substring?) -> Int { part.flatMap { Int($0) } ?? 0 }
    let parts = DateComponents(
      year: number(match.1),
      month: number(match.2),
      day: number(match.3),
      hour: number(match.4),
      minute: number(match.5),
      second: number(match.6)
    )
    let (offsetHours, offsetMinutes) = (number(match.9), number(match.10))
    guard Self.years.contains(number(match.1)), parts.isValidDate(in: Self.calendar), offsetHours < 24,
      offsetMinutes < 60, let date = Self.calendar.date(from: parts)
    else { return nil }
    let offset = Double(offsetHours * 3_600 + offsetMinutes * 60) * (match.8 == "-" ? -1 : 1)
    let fraction = match.7.flatMap { Double("0.\($0)") } ?? 0
    self.text = text
    self.date = date.addingTimeInterval(fraction - offset)
  }

  /// Outside these somebody mistyped.
  private static let years = 1_800...2_200

  private static let calendar: Calendar = {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    return calendar
  }()

  /// UTC with a Z, for answers.
  static func format(_ date: Date) -> String { date.formatted(.iso8601) }
}
