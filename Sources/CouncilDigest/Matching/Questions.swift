import Foundation
import GRDB

/// The queries that are put to a batch of texts.
enum Questions: Sendable {
  /// Those that active subscribers follow; of one of them only when it is named.
  case followed(by: Int64?, end: Date)
  /// Those that nobody follows yet.
  case tried([TopicQuery])

  struct Question: Equatable, Sendable {
    var id: Int64
    var text: String
    /// Somebody who asks it may read transcripts.
    var isProfessional: Bool
  }

  /// There may be very many: they are read one after the other, in the order of their ids.
  func each(_ database: Database, _ body: (Question) throws -> Void) throws {
    switch self {
    case .tried(let queries):
      for (index, query) in queries.enumerated() {
        try body(Question(id: Int64(-1 - index), text: query.description, isProfessional: false))
      }
    case .followed(let subscriber, let end):
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT topic_query.id, topic_query.text,
            max(coalesce(subscriber.professional_until > :end, 0)) AS is_professional
          FROM topic_query
          JOIN subscription ON subscription.topic_query_id = topic_query.id AND subscription.state = 'active'
          JOIN subscriber ON subscriber.id = subscription.subscriber_id AND subscriber.state = 'active'
          WHERE :subscriber IS NULL OR subscription.subscriber_id = :subscriber
          GROUP BY topic_query.id ORDER BY topic_query.id
          """,
        arguments: ["end": end.milliseconds, "subscriber": subscriber]
      )
      while let row = try rows.next() {
        try body(Question(id: row["id"], text: row["text"], isProfessional: row["is_professional"]))
      }
    }
  }

  /// Whether transcripts matter.
  func hasProfessional(_ database: Database) throws -> Bool {
    guard case .followed(let subscriber, let end) = self else { return false }
    return try Bool.fetchOne(
      database,
      sql: """
        SELECT EXISTS (
          SELECT 1 FROM subscriber
          WHERE state = 'active' AND professional_until > :end AND (:subscriber IS NULL OR id = :subscriber))
        """,
      arguments: ["end": end.milliseconds, "subscriber": subscriber]
    ) ?? false
  }
}
