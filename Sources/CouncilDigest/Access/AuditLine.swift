import Foundation
import GRDB

/// One change that was written down.
struct AuditLine: Equatable, Sendable {
  var id: Int64
  var at: Date
  var keyID: Int64?
  var who: String
  var request: String
  var action: String
  var subject: String
  /// JSON objects.
  var before: String?
  var after: String?

  /// Newest first, before the line `id`.
  /// - Parameter subject: that and what is below it; nil for everything.
  static func list(of subject: String?, before id: Int64, limit: Int, _ database: Database) throws -> [AuditLine] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT id, at, api_key_id, who, request, action, subject, before, after FROM audit
        WHERE id < :id AND (:subject IS NULL OR subject = :subject
          OR (subject > :subject || '/' AND subject < :subject || '0'))
        ORDER BY id DESC LIMIT :limit
        """,
      arguments: ["id": id, "subject": subject, "limit": limit]
    ).map(AuditLine.init)
  }

  private init(row: Row) {
    id = row["id"]
    at = Date(milliseconds: row["at"])
    keyID = row["api_key_id"]
    who = row["who"]
    request = row["request"]
    action = row["action"]
    subject = row["subject"]
    before = row["before"]
    after = row["after"]
  }
}
