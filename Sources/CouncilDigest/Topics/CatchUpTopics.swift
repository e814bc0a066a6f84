import GRDB

/// Finishes what topics whose queries changed, and transcripts that came, have not been matched with yet. A topic that
/// matches very many meetings is done in slices, and a service that was stopped goes on at its next start.
struct CatchUpTopics: Sendable {
  let store: Store
  let cache: PageCache
  let transcripts: MatchTranscripts

  func callAsFunction() async throws {
    try await summaries()
    try await transcripts()
  }

  /// What everyone sees.
  func summaries() async throws {
    while !Task.isCancelled, let topic = try await next() {
      var hasMore = true
      while hasMore, !Task.isCancelled { hasMore = try await store.write { try MatchTopics.continueTopic(topic, $0) } }
      cache.drop()
    }
  }

  private func next() async throws -> Int64? {
    try await store.read { database in
      try Int64.fetchOne(database, sql: "SELECT id FROM topic WHERE unmatched_below IS NOT NULL ORDER BY id LIMIT 1")
    }
  }
}
