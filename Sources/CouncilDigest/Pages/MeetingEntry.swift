import Foundation
import GRDB
import Markdown

/// A meeting as one entry of a list.
struct MeetingEntry: Sendable {
  var title: String
  var date: String
  var machineDate: String
  var path: String
  var councilName: String?
  var lead: String?
  /// In place of the lead, as HTML: why a query found it.
  var extract: String?
  var location: String?
  var isCancelled: Bool
  /// Took place, and its summary is still to come.
  var isPending: Bool

  /// - Parameter council: named in lists that show several councils.
  init(_ meeting: Meeting, timeZone: TimeZone, council: String? = nil, extract: MatchExtract? = nil) {
    title = meeting.content.committee
    date = ReadableDate(timeZone).dayAndTime(meeting.content.start)
    machineDate = RFC3339.format(meeting.content.start)
    path = meeting.path
    councilName = council
    location = meeting.content.location
    self.extract = extract?.html()
    lead = extract == nil ? meeting.excerpt : nil
    isCancelled = meeting.content.status == .cancelled
    isPending = meeting.content.status == .held && meeting.content.summary == nil
  }
}

extension Meeting {
  /// The lead of its summary, cut where a list has no room for more.
  var excerpt: String? {
    let lead = content.summary.flatMap { Document(parsing: $0).lead?.plainText }
    return lead.map { $0.count > 280 ? $0.prefix(279) + "…" : $0 }
  }
}

extension MeetingEntry {
  /// Each with the piece of its text that the query found.
  static func found(
    _ meetings: [Int64],
    by query: TopicQuery,
    _ zone: TimeZone,
    _ database: Database
  ) throws -> [MeetingEntry] {
    try found(meetings, MeetingSearch.Found.extracts(of: query, from: meetings, database), zone, database)
  }

  /// - Parameter extracts: by meeting; without one the entry has its lead.
  static func found(
    _ meetings: [Int64],
    _ extracts: [Int64: MatchExtract],
    _ zone: TimeZone,
    _ database: Database
  ) throws -> [MeetingEntry] {
    try Meeting.fetch(meetings, database).map { meeting in
      let council = try Council.require(meeting.councilSlug, database)
      return MeetingEntry(
        meeting,
        timeZone: council.timeZone(in: zone),
        council: council.name,
        extract: extracts[meeting.id]
      )
    }
  }
}

/// The subscribe box: what is followed, and its name.
struct SubscribeBox: Sendable {
  /// Of the form: `council`, `topic` or `query`.
  var field = "council"
  var reference: String
  var name: String
}
