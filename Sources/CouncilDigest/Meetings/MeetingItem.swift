import Foundation

/// A meeting as the API shows it: what was PUT, its slug, its committee's slug and its topics.
struct MeetingItem: Encodable {
  struct TopicReference: Encodable {
    var slug: String
    var name: String
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
  var topics: [TopicReference] = []

  init(_ meeting: Meeting, transcript: String? = nil) {
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
  }
}
