import Foundation
import HTTPServer

/// `GET /api/v1/audit?on=`: who did what, newest first.
struct AuditAPI: Sendable {
  let store: Store

  private struct Item: Encodable {
    var id: Int64
    var at: Date
    var who: String
    /// The id of the API key; null for the key of the configuration and for commands.
    var keyId: Int64?
    var action: String
    var on: String
    var before: JSONValue?
    var after: JSONValue?
    /// Stands in the log and in the answer, too.
    var request: String

    init(_ line: AuditLine) throws {
      id = line.id
      at = line.at
      who = line.who
      keyId = line.keyID
      action = line.action
      on = line.subject
      before = try line.before.map { try JSONValue.parse($0.utf8) }
      after = try line.after.map { try JSONValue.parse($0.utf8) }
      request = line.request
    }
  }

  func list(_ request: Request) async throws -> Response {
    let paging = try Paging(request)
    let before = paging.after == nil ? Int64.max : try paging.afterID()
    // As it stands in an address, or as it is listed.
    let subject = try QueryString(request).first("on").map { text in
      String((text.hasPrefix(APIKeys.path) ? text.dropFirst(APIKeys.path.count) : text[...]).drop { $0 == "/" })
    }
    let lines = try await store.read { database in
      try AuditLine.list(of: subject, before: before, limit: paging.limit + 1, database)
    }
    return try JSONOutput.response(.ok, paging.page(lines.map(Item.init)) { String($0.id) })
  }
}
