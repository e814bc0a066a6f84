import Foundation
import TestSupport
import Testing

@testable import CouncilDigest

@Suite struct CalendarFeedTests {
  private func event(_ text: String = "Cabinet", hours: Double? = 3) -> CalendarFeed.Event {
    let start = Date(timeIntervalSince1970: 1_790_000_000)
    return CalendarFeed.Event(
      uid: "a.w@digest.example",
      sequence: 2,
      changed: start.addingTimeInterval(-86_400),
      start: start,
      end: hours.map { start.addingTimeInterval($0 * 3_600) },
      isCancelled: false,
      title: text,
      location: text,
      description: text,
      page: "https://digest.example/a?b=1,2;c"
    )
  }

  private func read(_ event: CalendarFeed.Event) async throws -> [String: Any] {
    let calendar = CalendarFeed(name: event.title, address: "https://digest.example/calendar.ics", events: [event])
    let read = try await FeedReader.calendar(Array(calendar.document.utf8))
    return try #require((read["events"] as? [[String: Any]])?.first)
  }

  @Test func `the document is what RFC 5545 and RFC 7986 ask for`() {
    let calendar = CalendarFeed(name: "Wychford; all", address: "https://digest.example/c.ics", events: [event()])
    #expect(
      calendar.document
        == """
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//council-digest//Meetings//EN
        CALSCALE:GREGORIAN
        NAME:Wychford\\; all
        X-WR-CALNAME:Wychford\\; all
        SOURCE;VALUE=URI:https://digest.example/c.ics
        REFRESH-INTERVAL;VALUE=DURATION:PT12H
        X-PUBLISHED-TTL:PT12H
        BEGIN:VEVENT
        UID:a.w@digest.example
        DTSTAMP:20260920T141320Z
        LAST-MODIFIED:20260920T141320Z
        SEQUENCE:2
        STATUS:CONFIRMED
        DTSTART:20260921T141320Z
        DTEND:20260921T171320Z
        SUMMARY:Cabinet
        LOCATION:Cabinet
        DESCRIPTION:Cabinet
        URL:https://digest.example/a?b=1,2;c
        END:VEVENT
        END:VCALENDAR

        """.replacing("\n", with: "\r\n")
    )
  }

  @Test(arguments: [
    "a;b,c\\d\"e:f", "line\nline", "END:VEVENT\nBEGIN:VALARM\nATTACH:x", "]]> <b>&amp;</b>",
    "\u{202E}desrever\u{200F}", "👩‍👩‍👧‍👦🏛️ \t tab", String(repeating: "é🙂a", count: 9_000),
  ])
  func `another reader gets back what was written, whatever it was`(_ text: String) async throws {
    let event = try await read(event(text))
    for name in ["SUMMARY", "LOCATION", "DESCRIPTION"] { #expect(event[name] as? String == text, "\(name)") }
    #expect(event["URL"] as? String == "https://digest.example/a?b=1,2;c" && event["SEQUENCE"] as? Int == 2)
  }

  @Test func `a backslash is not what makes a line end`() {
    #expect(CalendarLines.escape("a\\nb\nc") == "a\\\\nb\\nc")
  }

  @Test func `line ends of any kind become one, and control characters are dropped`() async throws {
    let event = try await read(event("a\r\nb\rc\u{2028}d\u{85}e\u{0}\u{7}\u{7F}\u{9B}f"))
    #expect(event["SUMMARY"] as? String == "a\nb\nc\nd\nef")
    var address = self.event()
    address.page = "https://digest.example/\r\nX-EVIL:1"
    #expect(try await read(address)["X-EVIL"] == nil)
  }

  @Test func `lines are folded at 75 octets and never within a character`() {
    for width in 60...80 {
      for character in ["a", "é", "€", "🙂"] {
        let line = String(repeating: "x", count: width) + String(repeating: character, count: 80)
        let folded = CalendarLines.fold(line)
        let lines = folded.dropLast().components(separatedBy: "\r\n")
        #expect(lines.allSatisfy { $0.utf8.count <= 75 } && lines.dropFirst().allSatisfy { $0.hasPrefix(" ") })
        #expect(lines.dropLast().allSatisfy { $0.utf8.count > 75 - 4 }, "lines are as full as they can be")
        #expect(folded.replacing("\r\n ", with: "") == line + "\r\n")
      }
    }
    #expect(CalendarLines.fold(String(repeating: "a", count: 75)) == String(repeating: "a", count: 75) + "\r\n")
  }

  @Test(arguments: [(3.0, 3.0), (nil, 2.0), (0.0, 2.0), (-1.0, 2.0)] as [(Double?, Double)])
  func `an event ends when it is known to, else after two hours`(_ hours: Double?, _ shown: Double) async throws {
    let event = try await read(event(hours: hours))
    let start = try Date(try #require(event["DTSTART"] as? String), strategy: .iso8601)
    let end = try Date(try #require(event["DTEND"] as? String), strategy: .iso8601)
    #expect(end.timeIntervalSince(start) == shown * 3_600)
  }

  @Test func `a cancelled event says so, and a file that is taken once asks for no return`() async throws {
    var event = event()
    event.isCancelled = true
    #expect(try await read(event)["STATUS"] as? String == "CANCELLED")
    let file = CalendarFeed(name: "Cabinet", address: nil, events: [event]).document
    for name in ["REFRESH-INTERVAL", "X-PUBLISHED-TTL", "SOURCE"] { #expect(!file.contains(name)) }
  }
}
