import Foundation
import Testing

@testable import CouncilDigest

private func date(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }
private let london = TimeZone(identifier: "Europe/London") ?? .gmt

@Suite struct WeeklyScheduleTests {
  private let schedule = WeeklySchedule(weekday: .saturday, hour: 8, minute: 0, timeZone: london)

  @Test(arguments: [
    ("2026-11-23T12:00:00Z", "2026-11-28T08:00:00Z"), ("2026-11-28T07:59:59Z", "2026-11-28T08:00:00Z"),
    ("2026-11-28T08:00:00Z", "2026-12-05T08:00:00Z"),
    // Clocks go forward on Sunday 29 March 2026 and back on Sunday 25 October 2026.
    ("2026-03-28T08:00:00Z", "2026-04-04T07:00:00Z"), ("2026-10-24T07:00:00Z", "2026-10-31T08:00:00Z"),
    ("2026-12-26T09:00:00Z", "2027-01-02T08:00:00Z"),
  ])
  func `the next instant keeps the wall clock`(_ now: String, _ expected: String) throws {
    #expect(schedule.next(after: try date(now)) == (try date(expected)))
    #expect(schedule.latest(atOrBefore: try date(expected)) == (try date(expected)))
  }

  @Test func `no week is skipped or repeated, whatever the hour`() throws {
    for hour in 0..<24 {
      for weekday in WeeklySchedule.Weekday.allCases {
        let schedule = WeeklySchedule(weekday: weekday, hour: hour, minute: 30, timeZone: london)
        var instant = schedule.next(after: try date("2026-01-01T00:00:00Z"))
        for _ in 0..<110 {
          let next = schedule.next(after: instant)
          let hours = next.timeIntervalSince(instant) / 3_600
          #expect((167...169).contains(hours), "\(weekday) \(hour):30 after \(instant)")
          #expect(schedule.latest(atOrBefore: next.addingTimeInterval(-1)) == instant)
          instant = next
        }
      }
    }
  }

  @Test func `an hour that does not exist becomes the one after it`() throws {
    let schedule = WeeklySchedule(weekday: .sunday, hour: 1, minute: 30, timeZone: london)
    #expect(schedule.next(after: try date("2026-03-28T12:00:00Z")) == (try date("2026-03-29T01:30:00Z")))
  }
}

@Suite struct DigestWindowTests {
  /// A meeting announced at any hour of sixteen months is in exactly one digest of somebody who gets all of them, over
  /// both clock changes and a week 53, also when some weeks are missed.
  @Test(arguments: [0, 3, 10])
  func `windows leave nothing out and repeat nothing`(_ missed: Int) throws {
    let schedule = WeeklySchedule(weekday: .saturday, hour: 8, minute: 0, timeZone: london)
    var ends: [Date] = []
    var instant = schedule.next(after: try date("2026-09-01T00:00:00Z"))
    while instant < (try date("2028-01-15T00:00:00Z")) {
      ends.append(instant)
      instant = schedule.next(after: instant)
    }
    let weeks = ends.map { ISOWeek(containing: $0, in: london) }
    #expect(Set(weeks).count == weeks.count && weeks == weeks.sorted())
    #expect(weeks.contains { $0.description == "2026-W53" } && weeks.contains { $0.description == "2027-W01" })
    let sent = ends.enumerated().filter { missed == 0 || $0.offset % (missed + 1) == 0 }.map(\.element)
    var announced = try #require(sent.first).addingTimeInterval(1)
    var counts: [Int] = []
    while announced < (try #require(sent.last)) {
      counts.append(zip(sent, sent.dropFirst()).count { announced > $0 && announced <= $1 })
      announced.addTimeInterval(3_600)
    }
    #expect(counts.allSatisfy { $0 == 1 } && counts.count > 9_000)
  }
}

@Suite struct ISOWeekTests {
  @Test(arguments: [
    ("2026-11-23T00:00:00Z", "2026-W48"), ("2027-01-01T12:00:00Z", "2026-W53"), ("2027-01-04T00:00:00Z", "2027-W01"),
    ("2024-12-30T12:00:00Z", "2025-W01"), ("2026-06-14T22:59:59Z", "2026-W24"), ("2026-06-14T23:00:00Z", "2026-W25"),
  ])
  func `a date is in the week of its Thursday's year, in local time`(_ text: String, _ week: String) throws {
    #expect(ISOWeek(containing: try date(text), in: london).description == week)
    #expect(ISOWeek(parsing: week)?.description == week)
  }

  @Test(arguments: [
    "", "2026-W00", "2026-W54", "2025-W53", "2026W48", "2026-w48", "26-W48", "2026-W4", "2026-W+1", "２０２６-W48",
  ])
  func `what is not a week is refused`(_ text: String) {
    #expect(ISOWeek(parsing: text) == nil)
  }

  @Test(arguments: [
    ("2026-W48", "2026-11-23T00:00:00Z"), ("2026-W53", "2026-12-28T00:00:00Z"), ("2026-W25", "2026-06-14T23:00:00Z"),
  ])
  func `a week begins on its Monday`(_ week: String, _ monday: String) throws {
    #expect(ISOWeek(parsing: week)?.firstDay(in: london) == (try date(monday)))
  }

  @Test func `weeks are ordered across years`() throws {
    let weeks = ["2026-W53", "2027-W01", "2026-W02"].compactMap(ISOWeek.init(parsing:)).sorted()
    #expect(weeks.map(\.description) == ["2026-W02", "2026-W53", "2027-W01"])
  }
}

@Suite struct DueDigestTests {
  private let schedule = WeeklySchedule(weekday: .saturday, hour: 8, minute: 0, timeZone: london)

  private func due(_ now: String, installed: String = "2026-01-01T00:00:00Z", newest: String? = nil) throws -> String? {
    let due = DueDigest(
      schedule,
      now: try date(now),
      installedAt: try date(installed),
      newestEnd: try newest.map(date),
      catchUpDays: 3
    )
    return due.map { "\($0.week) \($0.end.formatted(.iso8601))" }
  }

  @Test func `the instant itself is due, and so is a late start, with the scheduled end`() throws {
    let expected = "2026-W48 2026-11-28T08:00:00Z"
    #expect(try due("2026-11-28T08:00:00Z", newest: "2026-11-21T08:00:00Z") == expected)
    #expect(try due("2026-11-30T22:00:00Z", newest: "2026-11-21T08:00:00Z") == expected)
  }

  @Test func `what has been covered, is too late or was before the start is not owed`() throws {
    #expect(try due("2026-11-28T08:00:01Z", newest: "2026-11-28T08:00:00Z") == nil)
    #expect(try due("2026-12-01T08:00:01Z", newest: "2026-11-21T08:00:00Z") == nil)
    #expect(try due("2026-11-28T09:00:00Z", installed: "2026-11-28T08:30:00Z") == nil)
    #expect(try due("2026-11-28T07:59:59Z", newest: "2026-11-21T08:00:00Z") == nil)
  }

  @Test func `several missed weeks are one digest`() throws {
    #expect(try due("2026-12-26T10:00:00Z", newest: "2026-11-21T08:00:00Z") == "2026-W52 2026-12-26T08:00:00Z")
  }
}
