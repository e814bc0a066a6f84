import Foundation
import Testing

@testable import Mail

@Suite struct MailDateTests {
  @Test(arguments: [
    ("2026-11-21T08:00:00Z", "Sat, 21 Nov 2026 08:00:00 +0000"),
    ("2024-02-29T23:59:59Z", "Thu, 29 Feb 2024 23:59:59 +0000"),
    ("2026-03-01T00:00:00+01:00", "Sat, 28 Feb 2026 23:00:00 +0000"),
    ("1970-01-01T00:00:00Z", "Thu, 1 Jan 1970 00:00:00 +0000"),
    ("1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 +0000"),
  ])
  func `a date is written in English and in UTC`(_ date: String, _ expected: String) throws {
    #expect(MailDate.format(try Date(date, strategy: .iso8601)) == expected)
  }

  @Test func `fractions of a second are cut`() {
    #expect(MailDate.format(Date(timeIntervalSince1970: 5.999)) == "Thu, 1 Jan 1970 00:00:05 +0000")
  }

  @Test func `every day of four years is the one that the calendar says`() {
    let format = Date.VerbatimFormatStyle(
      format: "\(weekday: .abbreviated), \(day: .defaultDigits) \(month: .abbreviated) \(year: .defaultDigits)",
      locale: Locale(identifier: "en_US_POSIX"),
      timeZone: .gmt,
      calendar: Calendar(identifier: .gregorian)
    )
    for day in 0..<1_461 {
      let date = Date(timeIntervalSince1970: 1_704_067_200 + Double(day) * 86_400)
      #expect(MailDate.format(date) == "\(date.formatted(format)) 00:00:00 +0000")
    }
  }
}
