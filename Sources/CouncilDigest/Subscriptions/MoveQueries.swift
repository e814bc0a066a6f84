import Foundation
import GRDB

/// Queries that name a council by `council:slug` name the one that took its place.
struct MoveQueries {
  private let old: Council
  private let new: Council

  init(from old: Council, to new: Council) {
    (self.old, self.new) = (old, new)
  }

  func callAsFunction(now: Date, _ database: Database) throws {
    try moveTopics(now: now, database)
    try moveOwnQueries(database)
    try moveRequests(database)
  }

  /// Nil when it does not name it.
  private func moved(_ text: String) throws -> String? {
    let query = try TopicQuery(printed: text)
    guard query.root.leaves.contains(.council(old.slug)) else { return nil }
    return try query.replacing(.council(old.slug), with: .council(new.slug)).description
  }

  private var pattern: String { "%council:\(old.slug)%" }

  private func moveTopics(now: Date, _ database: Database) throws {
    for topic in try Topic.list(limit: Topic.maximumCount, database) {
      if let text = try moved(topic.query) {
        try database.execute(
          sql: "UPDATE topic SET query = ?, updated_at = ? WHERE id = ?",
          arguments: [text, now.milliseconds, topic.id]
        )
        try MatchTopics.restart(topic.id, now: now, database)
      } else if try TopicQuery(printed: topic.query).root.leaves.contains(.council(new.slug)) {
        // It has more meetings now.
        try MatchTopics.restart(topic.id, now: now, database)
      }
    }
  }

  private func moveOwnQueries(_ database: Database) throws {
    let rows = try Row.fetchAll(
      database,
      sql: "SELECT id, text FROM topic_query WHERE text LIKE ?",
      arguments: [pattern]
    )
    for row in rows {
      let id: Int64 = row["id"]
      guard let text = try moved(row["text"]) else { continue }
      let known = try Int64.fetchOne(database, sql: "SELECT id FROM topic_query WHERE text = ?", arguments: [text])
      guard let known else {
        try database.execute(sql: "UPDATE topic_query SET text = ? WHERE id = ?", arguments: [text, id])
        continue
      }
      try Subscriptions.move(.init(column: "topic_query_id", key: "query", old: id, new: known), database)
      try database.execute(sql: "DELETE FROM topic_query WHERE id = ?", arguments: [id])
    }
  }

  private func moveRequests(_ database: Database) throws {
    let rows = try Row.fetchAll(
      database,
      sql: "SELECT id, suggestion FROM topic_request WHERE state IN ('unconfirmed', 'open') AND suggestion LIKE ?",
      arguments: [pattern]
    )
    for row in rows {
      guard let text = try moved(row["suggestion"]) else { continue }
      try database.execute(
        sql: "UPDATE topic_request SET suggestion = ? WHERE id = ?",
        arguments: [text, row["id"] as Int64]
      )
    }
  }
}
