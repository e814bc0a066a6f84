import GRDB

/// Makes up for texts that are not searched yet: those of meetings from before they were searched as they are
/// now.
struct IndexMeetingTexts: Sendable {
  let store: Store

  private static let sliceSize = 50

  func callAsFunction() async throws {
    while try await !isComplete() {
      try await store.write { database in
        let rows = try Row.fetchAll(
          database,
          sql: """
            SELECT meeting.id, meeting_revision.content, council.slug
            FROM meeting JOIN meeting_revision ON meeting_revision.id = meeting.revision_id
            JOIN council ON council.id = meeting.council_id
            WHERE NOT EXISTS (SELECT 1 FROM meeting_text_docsize WHERE meeting_text_docsize.id = meeting.id) LIMIT ?
            """,
          arguments: [Self.sliceSize]
        )
        for row in rows {
          let content = try MeetingContent.decode(row["content"])
          try MeetingText(content, council: row["slug"]).put(for: row["id"], database)
        }
      }
    }
  }

  /// Counts alone, which takes a moment whatever the store's size.
  private func isComplete() async throws -> Bool {
    try await store.read { database in
      try Bool.fetchOne(
        database,
        sql: """
          SELECT (SELECT count(*) FROM meeting WHERE revision_id IS NOT NULL)
            <= (SELECT count(*) FROM meeting_text_docsize)
          """
      ) ?? true
    }
  }
}
