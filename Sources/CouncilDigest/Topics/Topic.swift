import Foundation
import GRDB

/// A curated subject: a meeting has it when its text matches the query.
struct Topic: Equatable, Sendable {
  var id: Int64
  var slug: String
  var name: String
  var description: String
  /// As the operator wrote it.
  var query: String

  var path: String { "/topics/\(slug)" }
}

extension Topic {
  static let columns = "topic.id, topic.slug, topic.name, topic.description, topic.query"

  init(row: Row) {
    id = row["id"]
    slug = row["slug"]
    name = row["name"]
    description = row["description"]
    query = row["query"]
  }

  static func find(_ slug: String, _ database: Database) throws -> Topic? {
    try Row.fetchOne(database, cached: "SELECT \(columns) FROM topic WHERE slug = ?", arguments: [slug]).map(Topic.init)
  }

  /// - Throws: `Refusal.notFound`.
  static func require(_ slug: String, _ database: Database) throws -> Topic {
    guard let topic = try find(slug, database) else { throw Refusal.notFound("There is no topic “\(slug)”") }
    return topic
  }

  /// In the order of their slugs, after `slug`.
  static func list(after slug: String = "", limit: Int, _ database: Database) throws -> [Topic] {
    try Row.fetchAll(
      database,
      cached: "SELECT \(columns) FROM topic WHERE slug > ? ORDER BY slug LIMIT ?",
      arguments: [slug, limit]
    ).map(Topic.init)
  }
}
