import Crypto
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
    /// `confirm` is what the letter is about: a page with one button.
    case confirm, unsubscribe, preferences

    var marker: String { "\u{2}\(rawValue)\u{3}" }
  }

  func filled(with links: [Slot: String]) -> LetterBody {
    LetterBody(subject: subject, text: Self.fill(text, links), html: Self.fill(html, links))
  }

  private static func fill(_ text: String, _ links: [Slot: String]) -> String {
    var rest = Substring(text)
    var filled = ""
    filled.reserveCapacity(text.utf8.count + 512)
    while let start = rest.utf8.firstIndex(of: 0x02), let end = rest.utf8[start...].firstIndex(of: 0x03) {
      filled += rest[..<start]
      let name = rest[rest.utf8.index(after: start)..<end]
      let link = Slot(rawValue: String(name)).flatMap { links[$0] }
      filled += link.map { Substring($0) } ?? rest[start...end]
      rest = rest[rest.utf8.index(after: end)...]
    }
    return filled + rest
  }

  /// The row that holds this text. Letters that say the same share one: their links are slots.
  func insert(_ database: Database) throws -> Int64 {
    let digest = Data(SHA256.hash(data: Data("\(subject)\u{0}\(text)\u{0}\(html)".utf8)))
    let known = try Int64.fetchOne(
      database,
      cached: "SELECT id FROM letter_body WHERE digest = ?",
      arguments: [digest]
    )
    if let known { return known }
    try database.execute(
      cached: "INSERT INTO letter_body (subject, text, html, digest) VALUES (?, ?, ?, ?)",
      arguments: [subject, try Compression.compress(text), try Compression.compress(html), digest]
    )
    return database.lastInsertedRowID
  }

  /// When no letter and no edition has it any more. The newest stays, so that its number, by which letters are held in
  /// memory, is not given again.
  static func deleteIfUnused(_ id: Int64, _ database: Database) throws {
    try database.execute(
      cached: """
        DELETE FROM letter_body WHERE id = :id AND id < (SELECT max(id) FROM letter_body)
          AND NOT EXISTS (SELECT 1 FROM outgoing_mail WHERE letter_body_id = :id)
          AND NOT EXISTS (SELECT 1 FROM edition WHERE letter_body_id = :id)
        """,
      arguments: ["id": id]
    )
  }

  static func fetch(_ id: Int64, _ database: Database) throws -> LetterBody? {
    try Row.fetchOne(database, cached: "SELECT subject, text, html FROM letter_body WHERE id = ?", arguments: [id])
      .map { row in
        LetterBody(
          subject: row["subject"],
          text: try Compression.decompress(row["text"]),
          html: try Compression.decompress(row["html"])
        )
      }
  }
}
