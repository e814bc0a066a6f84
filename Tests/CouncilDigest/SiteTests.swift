import Foundation
import Testing

@testable import CouncilDigest

private func date(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }

@Suite struct SlugTests {
  @Test(arguments: [
    ("Children and Families Panel", "children-and-families-panel"),
    ("Children's Services & Health", "childrens-services-health"),
    ("Pwyllgor Iechyd – Tŷ’r Cyngor", "pwyllgor-iechyd-tyr-cyngor"), ("  Cabinet  ", "cabinet"),
    ("Area 51/2", "area-51-2"),
  ])
  func `a name becomes lower-case words with hyphens`(_ name: String, _ slug: String) {
    #expect(Slug(naming: name)?.description == slug)
  }

  @Test func `what is not a slug is refused`() {
    for text in ["", "-", "a--b", "-a", "a-", "A", "a b", "a/b", "é", String(repeating: "a", count: 121)] {
      #expect(Slug(text) == nil)
    }
    #expect(Slug(naming: "日本") == nil)
  }
}

@Suite struct RFC3339Tests {
  @Test(arguments: [
    ("2025-09-30T14:00:00+01:00", "2025-09-30T13:00:00Z"), ("2024-02-29t23:59:59z", "2024-02-29T23:59:59Z"),
    ("2025-01-01T00:00:00-05:30", "2025-01-01T05:30:00Z"), ("2025-01-01T00:00:00.25Z", "2025-01-01T00:00:00Z"),
  ])
  func `times are read with their offset`(_ text: String, _ expected: String) throws {
    #expect(RFC3339(text).map { RFC3339.format($0.date) } == expected)
  }

  @Test(arguments: [
    "2026-02-30T14:00:00Z", "2026-04-31T10:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T14:60:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-01", "2026-01-01T10:00Z", "2026-01-01T10:00:00", "2026-01-01 10:00:00Z", "0001-01-01T00:00:00Z",
    "２026-01-01T00:00:00Z",
    "2026-01-01T00:00:00+25:00", "",
  ])
  func `impossible times are refused`(_ text: String) {
    #expect(RFC3339(text) == nil)
  }
}

@Suite struct ReadableDateTests {
  @Test(arguments: [
    ("2025-09-30T13:00:00Z", "Tuesday 30 September 2025, 2pm"),
    ("2026-01-01T12:00:00Z", "Thursday 1 January 2026, midday"),
    ("2026-01-01T00:00:00Z", "Thursday 1 January 2026, midnight"),
    ("2026-01-01T00:05:00Z", "Thursday 1 January 2026, 12:05am"),
    ("2026-03-29T01:00:00Z", "Sunday 29 March 2026, 2am"),
  ])
  func `dates read as people write them`(_ text: String, _ expected: String) throws {
    #expect(ReadableDate(try #require(TimeZone(identifier: "Europe/London"))).dayAndTime(try date(text)) == expected)
  }
}
