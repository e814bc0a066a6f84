import GRDB
import HTTPServer

/// Reading and deleting topics: `GET /api/v1/topics`, `GET` and `DELETE /api/v1/topics/{topic}`.
struct TopicAPI: Sendable {
  let store: Store
  let cache: PageCache

  func list(_ request: Request) async throws -> Response {
    let paging = try Paging(request)
    let topics = try await store.read { database in
      try Topic.list(after: paging.after ?? "", limit: paging.limit + 1, database)
    }
    return try JSONOutput.response(.ok, paging.page(topics.map(TopicItem.init), cursor: \.slug))
  }

  func get(_ request: Request) async throws -> Response {
    let slug = request.parameter("topic")
    let topic = try await store.read { try Topic.require(slug, $0) }
    return try JSONOutput.response(.ok, TopicItem(topic))
  }

  /// As a council: what somebody follows does not end without a word.
  func delete(_ request: Request, _ change: AuditedChange) async throws -> Response {
    let slug = request.parameter("topic")
    try await store.write { database in
      let topic = try Topic.require(slug, database)
      let followers =
        try Int.fetchOne(
          database,
          sql: "SELECT count(*) FROM subscription WHERE topic_id = ? AND state = 'active'",
          arguments: [topic.id]
        ) ?? 0
      guard followers == 0 else {
        throw Refusal.conflict("\(topic.name) is followed by \(followers.counted("subscriber")) and can’t be deleted")
      }
      try database.execute(sql: "DELETE FROM subscription WHERE topic_id = ?", arguments: [topic.id])
      try database.execute(sql: "DELETE FROM topic WHERE id = ?", arguments: [topic.id])
      try change.record("delete", of: "topics/\(slug)", before: TopicItem(topic), database)
    }
    cache.drop()
    return JSONOutput.noContent()
  }
}
