import Synchronization

/// The queries of topics, each taken apart once: all of them are matched against every text that arrives, and an import
/// brings thousands.
final class TopicQueries: Sendable {
  /// By their text.
  private let known = Mutex<[String: TopicQuery]>([:])

  func query(_ text: String) throws -> TopicQuery {
    if let query = known.withLock({ $0[text] }) { return query }
    let query = try TopicQuery(printed: text)
    known.withLock { known in
      // What topics no longer have goes with the rest, which comes back.
      if known.count >= Topic.maximumCount { known = [:] }
      known[text] = query
    }
    return query
  }
}
