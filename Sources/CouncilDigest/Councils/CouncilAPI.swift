import GRDB
import HTTPServer

/// Reading and deleting councils: `GET /api/v1/councils`, `GET` and `DELETE /api/v1/councils/{council}`.
struct CouncilAPI: Sendable {
  let store: Store
  let cache: PageCache

  func list(_ request: Request) async throws -> Response {
    let paging = try Paging(request)
    let councils = try await store.read { database in
      try Council.list(after: paging.after ?? "", limit: paging.limit + 1, database)
        .map { try CouncilItem($0, database) }
    }
    return try JSONOutput.response(.ok, paging.page(councils, cursor: \.slug))
  }

  func get(_ request: Request) async throws -> Response {
    let slug = request.parameter("council")
    let item = try await store.read { try CouncilItem(Council.require(slug, $0), $0) }
    return try JSONOutput.response(.ok, item)
  }

  /// A council that somebody follows stays: their subscription would end without a word. A sign-up that was never
  /// confirmed does not hold it.
  func delete(_ request: Request, _ change: AuditedChange) async throws -> Response {
    let slug = request.parameter("council")
    try await store.write { database in
      let council = try Council.require(slug, database)
      let followers =
        try Int.fetchOne(
          database,
          sql: """
            SELECT count(DISTINCT subscriber_id) FROM subscription
            WHERE council_id = ? AND state = 'active'
            """,
          arguments: [council.id]
        ) ?? 0
      guard followers == 0 else {
        throw Refusal.conflict("\(council.name) is followed by \(followers.counted("subscriber")) and can’t be deleted")
      }
      try database.execute(
        sql: "DELETE FROM subscription WHERE council_id = ?",
        arguments: [council.id]
      )
      try database.execute(
        sql: "UPDATE meeting SET revision_id = NULL WHERE council_id = ?",
        arguments: [council.id]
      )
      try database.execute(
        sql: "DELETE FROM meeting_text WHERE rowid IN (SELECT id FROM meeting WHERE council_id = ?)",
        arguments: [council.id]
      )
      try database.execute(sql: "DELETE FROM meeting WHERE council_id = ?", arguments: [council.id])
      try change.record("delete", of: "councils/\(slug)", before: CouncilItem(council, database), database)
      try database.execute(sql: "DELETE FROM council WHERE id = ?", arguments: [council.id])
    }
    cache.drop()
    return JSONOutput.noContent()
  }
}
