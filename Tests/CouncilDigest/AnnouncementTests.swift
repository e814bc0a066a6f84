import Foundation
import Testing

@testable import CouncilDigest

private func date(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }

@Suite struct AnnouncementTests {
  private func circumstances(
    starts: String = "2026-11-10T10:00:00Z",
    published: String? = nil,
    earlier: (String, String)? = nil,
    notify: Bool? = nil,
    now: String = "2026-11-20T10:00:00Z",
    lastRunEnd: String? = nil,
    days: Int = 45
  ) throws -> Announcement {
    Announcement(
      .init(
        startsAt: try date(starts),
        givenPublishedAt: try published.map(date),
        earlier: try earlier.map { (try date($0.0), try date($0.1)) },
        notify: notify,
        now: try date(now),
        lastRunEnd: try lastRunEnd.map(date),
        maximumAgeDays: days
      )
    )
  }

  @Test func `a summary is announced when it is published`() throws {
    let fresh = try circumstances()
    #expect(
      try fresh.publishedAt == (date("2026-11-20T10:00:00Z")) && fresh.announcedAt == fresh.publishedAt
        && fresh.isMailed
    )
    let dated = try circumstances(published: "2026-11-18T09:00:00Z", lastRunEnd: "2026-11-14T08:00:00Z")
    #expect(dated.announcedAt == (try date("2026-11-18T09:00:00Z")))
  }

  @Test func `what a run has closed over is announced when it arrived, never inside a closed window`() throws {
    let late = try circumstances(published: "2026-11-13T09:00:00Z", lastRunEnd: "2026-11-14T08:00:00Z")
    #expect(try late.publishedAt == date("2026-11-13T09:00:00Z"))
    #expect(try late.announcedAt == date("2026-11-20T10:00:00Z"))
    let race = try circumstances(now: "2026-11-20T10:00:00Z", lastRunEnd: "2026-11-20T10:00:00Z")
    #expect(race.announcedAt > (try date("2026-11-20T10:00:00Z")))
  }

  @Test func `it is announced once`() throws {
    let again = try circumstances(
      earlier: ("2026-11-13T09:00:00Z", "2026-11-13T09:00:00Z"),
      now: "2026-11-25T00:00:00Z",
      lastRunEnd: "2026-11-14T08:00:00Z"
    )
    #expect(try again.publishedAt == (date("2026-11-13T09:00:00Z")) && again.announcedAt == again.publishedAt)
    let moved = try circumstances(
      published: "2026-11-24T09:00:00Z",
      earlier: ("2026-11-13T09:00:00Z", "2026-11-13T09:00:00Z"),
      now: "2026-11-25T00:00:00Z",
      lastRunEnd: "2026-11-14T08:00:00Z"
    )
    #expect(try moved.announcedAt == (date("2026-11-13T09:00:00Z")))
  }

  @Test func `old meetings are archive, but for the operator's word`() throws {
    #expect(try circumstances(starts: "2026-10-06T10:00:00Z").isMailed)
    #expect(try !circumstances(starts: "2026-10-06T09:00:00Z").isMailed)
    #expect(try circumstances(starts: "2020-01-01T09:00:00Z", notify: true).isMailed)
    #expect(try !circumstances(notify: false).isMailed)
    #expect(try circumstances(starts: "2020-01-01T09:00:00Z", days: 0).isMailed)
  }
}
