import GRDB

/// A meeting and what feeds say of it beside its content.
struct MeetingInFeed: Sendable {
  var meeting: Meeting
  var council: Council
  var topics: [MeetingItem.TopicReference]

  /// In the order they are given.
  static func all(_ meetings: [Meeting], _ database: Database) throws -> [MeetingInFeed] {
    var councils: [Int64: Council] = [:]
    return try meetings.map { meeting in
      let council = try councils[meeting.councilID] ?? Council.require(meeting.councilSlug, database)
      councils[meeting.councilID] = council
      let topics = try MeetingItem.TopicReference.fetch(meeting: meeting.id, database)
      return MeetingInFeed(meeting: meeting, council: council, topics: topics)
    }
  }
}
