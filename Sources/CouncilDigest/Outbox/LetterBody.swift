import Foundation
import GRDB

/// What a letter says: subject and both parts, with slots where links belong to one reader.
struct LetterBody: Equatable, Sendable {
  var subject: String
  var text: String
  var html: String

  /// A link that is different in every copy. In a body it is a marker no input can contain: control characters are
  /// refused or dropped everywhere at the edge.
  enum Slot: String, CaseIterable, Sendable {
    case confirm, unsubscribe

    var marker: String { "\u{2}\(rawValue)\u{3}" }
  }

  func filled(with links: [Slot: String]) -> LetterBody {
    var body = self
    for (slot, link) in links {
      body.text = body.text.replacing(slot.marker, with: link)
      body.html = body.html.replacing(slot.marker, with: link)
    }
    return body
  }

  func insert(_ database: Database) throws -> Int64 {
    try database.execute(
      sql: "INSERT INTO letter_body (subject, text, html) VALUES (?, ?, ?)",
      arguments: [subject, try Compression.compress(text), try Compression.compress(html)]
    )
    return database.lastInsertedRowID
  }

  static func fetch(_ id: Int64, _ database: Database) throws -> LetterBody? {
    try Row.fetchOne(database, sql: "SELECT subject, text, html FROM letter_body WHERE id = ?", arguments: [id])
      .map { row in
        LetterBody(
          subject: row["subject"],
          text: try Compression.decompress(row["text"]),
          html: try Compression.decompress(row["html"])
        )
      }
  }
}
