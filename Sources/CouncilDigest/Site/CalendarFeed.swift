import Foundation

/// A calendar of events (RFC 5545, with the names of RFC 7986), as a value and as its document.
struct CalendarFeed: Equatable, Sendable {
  struct Event: Equatable, Sendable {
    /// Never changes and is never another's: by it a calendar knows an event again (RFC 5545 §3.8.4.7).
    var uid: String
    /// Rises with each change (§3.8.7.4).
    var sequence: Int
    var changed: Date
    var start: Date
    /// Nil when it is not known.
    var end: Date?
    /// A cancelled event stays in its calendar: one that vanished would stay in those of its readers.
    var isCancelled: Bool
    var title: String
    var location: String?
    var description: String
    /// The page for people.
    var page: String
  }

  var name: String
  /// Where readers' calendars fetch it again and again; nil for a file that is taken once.
  var address: String?
  var events: [Event]

  static let mediaType = "text/calendar"
  static let contentType = mediaType + "; charset=utf-8"
}

extension CalendarFeed {
  var document: String {
    var lines = CalendarLines()
    lines.add("BEGIN", "VCALENDAR")
    lines.add("VERSION", "2.0")
    lines.add("PRODID", "-//council-digest//Meetings//EN")
    lines.add("CALSCALE", "GREGORIAN")
    // RFC 7986 §5.1, and the name that calendars read before there was one.
    lines.add("NAME", text: name)
    lines.add("X-WR-CALNAME", text: name)
    if let address {
      lines.add("SOURCE;VALUE=URI", address)
      // RFC 7986 §5.7, and what Outlook reads.
      lines.add("REFRESH-INTERVAL;VALUE=DURATION", Self.refreshInterval)
      lines.add("X-PUBLISHED-TTL", Self.refreshInterval)
    }
    for event in events { event.write(to: &lines) }
    lines.add("END", "VCALENDAR")
    return lines.text
  }

  /// Twice a day: meetings are called days before.
  private static let refreshInterval = "PT12H"
}

extension CalendarFeed.Event {
  fileprivate func write(to lines: inout CalendarLines) {
    lines.add("BEGIN", "VEVENT")
    lines.add("UID", uid)
    // Without a METHOD this is the last change, not the moment of sending (§3.8.7.2).
    lines.add("DTSTAMP", at: changed)
    lines.add("LAST-MODIFIED", at: changed)
    lines.add("SEQUENCE", String(sequence))
    lines.add("STATUS", isCancelled ? "CANCELLED" : "CONFIRMED")
    lines.add("DTSTART", at: start)
    lines.add("DTEND", at: shownEnd)
    lines.add("SUMMARY", text: title)
    if let location { lines.add("LOCATION", text: location) }
    lines.add("DESCRIPTION", text: description)
    lines.add("URL", page)
    lines.add("END", "VEVENT")
  }

  /// Few agendas say when a meeting will end, and an event without an end is a line nobody sees: it is shown for two
  /// hours, as most take. An end has to be after the start (§3.8.2.2).
  private var shownEnd: Date {
    guard let end, end > start else { return start.addingTimeInterval(Self.assumedLength) }
    return end
  }

  private static let assumedLength: TimeInterval = 2 * 3_600
}
