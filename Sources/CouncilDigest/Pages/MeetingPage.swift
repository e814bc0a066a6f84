import Foundation
import HTTPServer
import Markdown

/// `GET /councils/{council}/meetings/{meeting}`, its calendar file, and the transcript's page, which says who may read it.
struct MeetingPage: Sendable {
  let store: Store
  let site: Site

  private struct View {
    struct Contents {
      var title: String
      var id: String
    }

    struct Attendee {
      var name: String
      var note: String?
    }

    struct DocumentGroup {
      var title: String
      var documents: [MeetingContent.Document]
    }

    var council: String
    var councilPath: String
    var title: String
    var committeePath: String
    var date: String
    var machineDate: String
    var location: String?
    var isCancelled: Bool
    var isScheduled: Bool
    var councilURL: String?
    var videoURL: String?
    var transcriptPath: String?
    var summary: String?
    var contents: [Contents]
    var hasContents: Bool
    var attendees: [Attendee]
    var hasAttendees: Bool
    var groups: [DocumentGroup]
    var hasDocuments: Bool
    var topics: [MeetingItem.TopicReference]
    var hasTopics: Bool
    var box: SubscribeBox
    var reportPath: String
    var published: String?
    /// When it is still to come.
    var calendarPath: String?
  }

  /// The ids in a summary begin with it.
  static let summaryPrefix = "summary"

  /// A table of contents helps from this many headings on.
  private static let contentsFrom = 3

  func callAsFunction(_ request: Request) async throws -> Response {
    let (council, meeting) = try await find(request)
    let topics = try await store.read { try MeetingItem.TopicReference.fetch(meeting: meeting.id, $0) }
    let dates = ReadableDate(council.timeZone(in: site.identity.timeZone))
    let content = meeting.content
    let summary = Document(parsing: content.summary ?? "")
    let html = HTMLRenderer(headingShift: 1, idPrefix: Self.summaryPrefix, linksHeadings: true)
    let contents = zip(summary.headings, html.headingIDs(of: summary)).map { View.Contents(title: $0, id: $1) }
    let view = View(
      council: council.name,
      councilPath: council.path,
      title: content.committee,
      committeePath: "\(council.path)/committees/\(meeting.committee.slug)",
      date: dates.dayAndTime(content.start) + (content.end.map { " to \(dates.time($0))" } ?? ""),
      machineDate: RFC3339.format(content.start),
      location: content.location,
      isCancelled: content.status == .cancelled,
      isScheduled: content.status == .scheduled,
      councilURL: content.councilUrl,
      videoURL: content.videoUrl,
      transcriptPath: meeting.hasTranscript ? "\(meeting.path)/transcript" : nil,
      summary: content.summary == nil ? nil : html.render(summary),
      contents: contents,
      hasContents: contents.count >= Self.contentsFrom,
      attendees: content.attendees.map { View.Attendee(name: $0.name, note: $0.note) },
      hasAttendees: !content.attendees.isEmpty,
      groups: Self.groups(content.documents),
      hasDocuments: !content.documents.isEmpty,
      topics: topics,
      hasTopics: !topics.isEmpty,
      box: SubscribeBox(reference: council.slug, name: council.name),
      reportPath: "/feedback?kind=mistake&meeting=\(percentEncoded("\(council.slug)/\(meeting.slug)"))",
      published: meeting.publishedAt.map(dates.shortDay),
      calendarPath: content.status != .cancelled && content.start > store.now() ? "\(meeting.path)/calendar.ics" : nil
    )
    let lead = summary.lead.map { String($0.plainText.prefix(200)) }
    return try site.page(
      "meeting",
      view,
      title: "\(content.committee), \(dates.shortDay(content.start)) – \(council.name)",
      description: lead,
      path: meeting.path,
      linkedData: MeetingEvent(meeting, of: council, description: lead, site: site.identity).script
    )
  }

  /// `…/calendar.ics`: a file that is taken once. Of a past or cancelled meeting, too: it may be in somebody's calendar.
  func calendar(_ request: Request) async throws -> Response {
    let (council, meeting) = try await find(request)
    let calendar = MeetingCalendar(site: site.identity).file(meeting, of: council)
    return site.document(Array(calendar.document.utf8), CalendarFeed.contentType)
  }

  private func find(_ request: Request) async throws -> (Council, Meeting) {
    let (council, slug) = (request.parameter("council"), request.parameter("meeting"))
    return try await store.read { database in
      try ReplacedCouncil.leadOn(council, meeting: slug, database)
      return (try Council.require(council, database), try Meeting.require(slug, council: council, database))
    }
  }

  private static func groups(_ documents: [MeetingContent.Document]) -> [View.DocumentGroup] {
    MeetingContent.Document.Kind.allCases.compactMap { kind in
      let group = documents.filter { $0.kind == kind }
      return group.isEmpty ? nil : View.DocumentGroup(title: kind.heading, documents: group)
    }
  }
}

extension MeetingContent.Attendee {
  /// The role; the attendance only where it says more than the list does.
  fileprivate var note: String? {
    let absence = attendance.flatMap { $0.lowercased() == "present" ? nil : $0 }
    let parts = [role, absence].compactMap(\.self)
    return parts.isEmpty ? nil : parts.joined(separator: " · ")
  }
}

extension MeetingContent.Document.Kind {
  fileprivate var heading: String {
    switch self {
    case .agenda: "Agenda"
    case .minutes: "Minutes"
    case .reportsPack: "Reports pack"
    case .additional: "Additional documents"
    }
  }
}
