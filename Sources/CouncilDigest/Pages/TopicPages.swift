import Foundation
import GRDB
import HTTPServer

/// `GET /topics` and `/topics/{topic}`: the curated topics, and one of them across all councils.
struct TopicPages: Sendable {
  let store: Store
  let site: Site

  private static let shownMeetings = 20
  private static let shownUpcoming = 10
  private static let shownCouncils = 20
  private static let year: TimeInterval = 365 * 86_400
  private static let fourWeeks: TimeInterval = 28 * 86_400

  private struct ListView {
    struct Entry {
      var name: String
      var path: String
      var description: String
      var lately: String
    }

    var topics: [Entry]
    var isEmpty: Bool
  }

  private struct View {
    var name: String
    var description: String
    var query: String
    var queryPath: String
    var box: SubscribeBox
    var upcoming: [MeetingEntry]
    var hasUpcoming: Bool
    var newest: [MeetingEntry]
    var hasNewest: Bool
    var searchPath: String
    var councils: [QueryLabView.Row]
    var hasCouncils: Bool
    var feedPath: String
    var calendarPath: String
  }

  func list(_ request: Request) async throws -> Response {
    let since = store.now().addingTimeInterval(-Self.fourWeeks)
    let (topics, counts) = try await store.read { database in
      (
        try Topic.list(limit: Topic.maximumCount, database),
        try TopicMeetings.counts(announcedSince: since, database)
      )
    }
    let entries = topics.sorted { $0.name.lowercased() < $1.name.lowercased() }.map { topic in
      let count = counts[topic.id] ?? 0
      return ListView.Entry(
        name: topic.name,
        path: topic.path,
        description: topic.description,
        lately: count == 0
          ? "Not discussed in the last four weeks"
          : count == 1 ? "1 meeting in the last four weeks" : "\(count) meetings in the last four weeks"
      )
    }
    return try site.page(
      "topics",
      ListView(topics: entries, isEmpty: entries.isEmpty),
      title: "Topics",
      description: "Follow one subject wherever a council discusses it.",
      path: "/topics"
    )
  }

  func topic(_ request: Request) async throws -> Response {
    let slug = request.parameter("topic")
    let now = store.now()
    let zone = site.identity.timeZone
    let (topic, view) = try await store.read { database in
      let topic = try Topic.require(slug, database)
      return (topic, try Self.view(topic, now: now, zone, database))
    }
    return try site.page(
      "topic",
      view,
      title: "\(topic.name), across councils",
      description: topic.description.isEmpty ? nil : topic.description,
      path: topic.path,
      alternates: [
        AlternateLink(type: AtomFeed.mediaType, title: "Summaries: \(topic.name)", path: view.feedPath),
        AlternateLink(type: CalendarFeed.mediaType, title: "Meetings: \(topic.name)", path: view.calendarPath),
      ]
    )
  }

  private static func view(_ topic: Topic, now: Date, _ zone: TimeZone, _ database: Database) throws -> View {
    let newest = try TopicMeetings.newest(of: topic, before: now, limit: shownMeetings, database)
    let upcoming = try TopicMeetings.around(
      now,
      within: now..<MeetingCalendar.span(around: now).upperBound,
      of: topic,
      limit: shownUpcoming,
      database
    )
    let perCouncil = try TopicMeetings.perCouncil(
      of: topic,
      since: now.addingTimeInterval(-year),
      before: now,
      database
    ).prefix(shownCouncils)
    let councils = try perCouncil.compactMap { id, meetings in
      try Council.find(id: id, database).map { council in
        QueryLabView.Row(
          label: council.name,
          meetings: meetings,
          path: "/search?topic=\(topic.slug)&council=\(council.slug)"
        )
      }
    }
    let extracts = Dictionary(uniqueKeysWithValues: newest.map { ($0.meeting, $0.extract) })
    return View(
      name: topic.name,
      description: topic.description,
      query: topic.query,
      queryPath: QueryLabView.path(of: topic.query),
      box: SubscribeBox(field: "topic", reference: topic.slug, name: topic.name),
      upcoming: try MeetingEntry.found(upcoming, [:], zone, database),
      hasUpcoming: !upcoming.isEmpty,
      newest: try MeetingEntry.found(newest.map(\.meeting), extracts, zone, database),
      hasNewest: !newest.isEmpty,
      searchPath: "/search?topic=\(topic.slug)",
      councils: councils,
      hasCouncils: !councils.isEmpty,
      feedPath: "\(topic.path)/feed.atom",
      calendarPath: "\(topic.path)/calendar.ics"
    )
  }
}
