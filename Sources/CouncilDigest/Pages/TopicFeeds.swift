import Foundation
import GRDB
import HTTPServer

/// `GET /topics/{topic}/feed.atom` and `/topics/{topic}/calendar.ics`.
struct TopicFeeds: Sendable {
  let store: Store
  let site: Site

  func feed(_ request: Request) async throws -> Response {
    let slug = request.parameter("topic")
    let now = store.now()
    let (topic, meetings) = try await store.read { database in
      let topic = try Topic.require(slug, database)
      let newest = try TopicMeetings.newest(of: topic, before: now, limit: MeetingFeed.maximumEntries, database)
      return (topic, try MeetingInFeed.all(Meeting.fetch(newest.map(\.meeting), database), database))
    }
    let feed = MeetingFeed(site: site.identity, emptySince: store.installedAt)
      .feed(meetings, title: topic.name, path: "\(topic.path)/feed.atom", page: topic.path)
    return site.document(Array(feed.document.utf8), AtomFeed.contentType)
  }

  func calendar(_ request: Request) async throws -> Response {
    let slug = request.parameter("topic")
    let now = store.now()
    let (topic, meetings) = try await store.read { database in
      let topic = try Topic.require(slug, database)
      let around = try TopicMeetings.around(
        now,
        within: MeetingCalendar.span(around: now),
        of: topic,
        limit: MeetingCalendar.maximumEvents,
        database
      )
      return (topic, try MeetingInFeed.all(Meeting.fetch(around, database), database))
    }
    let calendar = MeetingCalendar(site: site.identity)
      .calendar(meetings, name: topic.name, path: "\(topic.path)/calendar.ics")
    return site.document(Array(calendar.document.utf8), CalendarFeed.contentType)
  }
}
