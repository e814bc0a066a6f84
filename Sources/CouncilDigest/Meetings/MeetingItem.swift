import Foundation
import GRDB

/// A meeting as the API shows it: what was PUT, its slug, its committee's slug and its topics.
struct MeetingItem: Encodable, Sendable {
  struct TopicReference: Encodable, Sendable {
    var slug: String
    var name: String

    static func fetch(meeting: Int64, _ database: Database) throws -> [TopicReference] {
      try Row.fetchAll(
        database,
        cached: """
          SELECT topic.slug, topic.name FROM topic_match JOIN topic ON topic.id = topic_match.topic_id
          WHERE topic_match.meeting_id = ? AND topic_match.in_transcript = 0 ORDER BY topic.name
          """,
        arguments: [meeting]
      ).map { TopicReference(slug: $0["slug"], name: $0["name"]) }
    }
  }

  var slug: String
  var council: String
  var committee: String
  var committeeSlug: String
  var startsAt: String
  var endsAt: String?
  var location: String?
  var status: MeetingContent.Status
  var councilUrl: String?
  var videoUrl: String?
  var summary: String?
  /// For editors only.
  var transcript: String?
  var attendees: [MeetingContent.Attendee]
  var documents: [MeetingContent.Document]
  var publishedAt: Date?
  var notify: Bool?
  var topics: [TopicReference]

  init(_ meeting: Meeting, transcript: String? = nil, _ database: Database) throws {
    slug = meeting.slug
    council = meeting.councilSlug
    committee = meeting.content.committee
    committeeSlug = meeting.committee.slug
    startsAt = meeting.content.startsAt
    endsAt = meeting.content.endsAt
    location = meeting.content.location
    status = meeting.content.status
    councilUrl = meeting.content.councilUrl
    videoUrl = meeting.content.videoUrl
    summary = meeting.content.summary
    self.transcript = transcript
    attendees = meeting.content.attendees
    documents = meeting.content.documents
    publishedAt = meeting.publishedAt
    notify = meeting.notify
    topics = try TopicReference.fetch(meeting: meeting.id, database)
  }
}
