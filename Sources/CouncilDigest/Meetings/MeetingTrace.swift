import Crypto
import Foundation
import GRDB

/// What the audit keeps of a meeting: of texts and lists the beginning of a hash, which tells whether they changed.
struct MeetingTrace: Encodable, Sendable {
  var committee: String
  var startsAt: String
  var endsAt: String?
  var location: String?
  var status: MeetingContent.Status
  var councilUrl: String?
  var videoUrl: String?
  var publishedAt: Date?
  var notify: Bool?
  var summary: String?
  /// When it came.
  var transcript: Date?
  var attendees: String
  var documents: String
  var correction: String?

  /// Nil when there is no such meeting.
  init?(_ slug: String, council: String, _ database: Database) throws {
    guard let meeting = try Meeting.find(slug, council: council, database) else { return nil }
    try self.init(meeting, database)
  }

  init(_ meeting: Meeting, correction: String? = nil, _ database: Database) throws {
    let content = meeting.content
    committee = content.committee
    startsAt = content.startsAt
    endsAt = content.endsAt
    location = content.location
    status = content.status
    councilUrl = content.councilUrl
    videoUrl = content.videoUrl
    publishedAt = meeting.publishedAt
    notify = meeting.notify
    summary = content.summary.map(Self.hash)
    transcript = try Int64.fetchOne(
      database,
      cached: "SELECT put_at FROM transcript WHERE meeting_id = ?",
      arguments: [meeting.id]
    ).map(Date.init(milliseconds:))
    attendees = Self.hash(
      content.attendees.map { "\($0.name)\n\($0.role ?? "")\n\($0.attendance ?? "")" }.joined(separator: "\n\n")
    )
    documents = Self.hash(
      content.documents.map { "\($0.title)\n\($0.url)\n\($0.kind.rawValue)" }.joined(separator: "\n\n")
    )
    self.correction = correction.map(Self.hash)
  }

  private static func hash(_ text: String) -> String {
    "sha256:" + SHA256.hash(data: Data(text.utf8)).prefix(8).map { String(format: "%02x", $0) }.joined()
  }
}
