import GRDB
import Markdown

/// What of a meeting is searched: title, summary, attendees and document titles. The transcript is not among it.
struct MeetingText: Equatable, Sendable {
  var title: String
  var summary: String
  var attendees: String
  var documents: String

  init(_ content: MeetingContent) {
    title = content.committee
    summary = Document(parsing: content.summary ?? "").plainText
    attendees = content.attendees.map(\.name).joined(separator: "\n")
    documents = content.documents.map(\.title).joined(separator: "\n")
  }

  /// Takes the place of what was searched before.
  func put(for meeting: Int64, _ database: Database) throws {
    try database.execute(cached: "DELETE FROM meeting_text WHERE rowid = ?", arguments: [meeting])
    try database.execute(
      cached: "INSERT INTO meeting_text (rowid, title, summary, attendees, documents) VALUES (?, ?, ?, ?, ?)",
      arguments: [meeting, title, summary, attendees, documents]
    )
  }
}
