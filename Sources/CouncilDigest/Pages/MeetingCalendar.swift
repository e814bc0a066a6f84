import Foundation

/// Makes a calendar of meetings: an event for each, cancelled ones among them.
struct MeetingCalendar: Sendable {
  let site: SiteIdentity

  static let maximumEvents = 500
  private static let daysBack = 90
  private static let daysAhead = 400

  /// When the meetings of a calendar start: a year's round ahead, and what is still talked about.
  static func span(around now: Date) -> Range<Date> {
    now.addingTimeInterval(-Double(daysBack) * 86_400)..<now.addingTimeInterval(Double(daysAhead) * 86_400)
  }

  /// A calendar that readers subscribe to, at `path`.
  func calendar(_ meetings: [MeetingInFeed], name: String, path: String) -> CalendarFeed {
    CalendarFeed(name: name, address: site.link(path), events: meetings.map { event($0.meeting, of: $0.council) })
  }

  /// One meeting, to be added to a reader's own calendar.
  func file(_ meeting: Meeting, of council: Council) -> CalendarFeed {
    let event = event(meeting, of: council)
    return CalendarFeed(name: event.title, address: nil, events: [event])
  }

  private func event(_ meeting: Meeting, of council: Council) -> CalendarFeed.Event {
    let content = meeting.content
    let isCancelled = content.status == .cancelled
    let link = site.link(meeting.path)
    return CalendarFeed.Event(
      // By its address: the number of a meeting that was deleted may come again as another's.
      uid: "\(meeting.firstSlugs.meeting).\(meeting.firstSlugs.council)@\(site.host)",
      sequence: meeting.revisionNumber - 1,
      changed: meeting.revisedAt,
      start: content.start,
      end: content.end,
      isCancelled: isCancelled,
      // Not every calendar shows the status of an event.
      title: (isCancelled ? "Cancelled: " : "") + "\(content.committee) – \(council.shortName)",
      location: content.location,
      description: [meeting.excerpt, link].compactMap(\.self).joined(separator: "\n\n"),
      page: link
    )
  }
}
