import GRDB
import Markdown

/// What of a meeting is searched: title, summary, attendees and document titles. The transcript is not among it.
struct MeetingText: Equatable, Sendable {
  var council: String
  var title: String
  var summary: String
  var attendees: String
  var documents: String

  /// - Parameter council: its slug.
  init(_ content: MeetingContent, council: String) {
    self.council = council
    title = WordTokenizer.Mark.strip(content.committee)
    summary = WordTokenizer.Mark.strip(Document(parsing: content.summary ?? "").plainText)
    attendees = WordTokenizer.Mark.strip(content.attendees.map(\.name).joined(separator: "\n"))
    documents = WordTokenizer.Mark.strip(content.documents.map(\.title).joined(separator: "\n"))
  }
}

extension MeetingText {
  /// Takes the place of what was searched before.
  func put(for meeting: Int64, _ database: Database) throws {
    try database.execute(cached: "DELETE FROM meeting_text WHERE rowid = ?", arguments: [meeting])
    try database.execute(
      cached: """
        INSERT INTO meeting_text (rowid, council, title, summary, attendees, documents) VALUES (?, ?, ?, ?, ?, ?)
        """,
      arguments: [meeting, WordTokenizer.Mark.verbatim(council), title, summary, attendees, documents]
    )
  }

  /// Those that are searched, in the order of their meetings' ids.
  static func fetch(_ meetings: [Int64], _ database: Database) throws -> [(meeting: Int64, text: MeetingText)] {
    try meetings.sorted().compactMap { meeting in
      let row = try Row.fetchOne(
        database,
        cached: """
          SELECT council.slug, meeting_text.title, meeting_text.summary, meeting_text.attendees, meeting_text.documents
          FROM meeting_text JOIN meeting ON meeting.id = meeting_text.rowid
          JOIN council ON council.id = meeting.council_id
          WHERE meeting_text.rowid = ?
          """,
        arguments: [meeting]
      )
      return row.map { (meeting, MeetingText(row: $0)) }
    }
  }

  private init(row: Row) {
    council = row["slug"]
    title = row["title"]
    summary = row["summary"]
    attendees = row["attendees"]
    documents = row["documents"]
  }
}
