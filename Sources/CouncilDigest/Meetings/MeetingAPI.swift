import GRDB
import HTTPServer

/// Reading and deleting meetings under `/api/v1/councils/{council}/meetings`.
struct MeetingAPI: Sendable {
  let store: Store
  let cache: PageCache

  func list(_ request: Request) async throws -> Response {
    let paging = try Paging(request)
    let slug = request.parameter("council")
    let meetings = try await store.read { database in
      let council = try Council.require(slug, database)
      return try Meeting.list(council: council.id, after: paging.after ?? "", limit: paging.limit + 1, database)
        .map { try MeetingItem($0, database) }
    }
    return try JSONOutput.response(.ok, paging.page(meetings, cursor: \.slug))
  }

  /// The transcript is for professional readers, and for the editors who put it there.
  func get(_ request: Request, for role: Role) async throws -> Response {
    let (council, slug) = (request.parameter("council"), request.parameter("meeting"))
    let item = try await store.read { database in
      try ReplacedCouncil.leadOn(council, meeting: slug, database)
      _ = try Council.require(council, database)
      let meeting = try Meeting.require(slug, council: council, database)
      let transcript = role < .editor ? nil : try Meeting.transcript(of: meeting.id, database)
      return try MeetingItem(meeting, transcript: transcript, database)
    }
    return try JSONOutput.response(.ok, item)
  }

  /// Takes a meeting off the site and out of letters that were not rendered yet. What was mailed can't be called back.
  func delete(_ request: Request, _ change: AuditedChange) async throws -> Response {
    let (council, slug) = (request.parameter("council"), request.parameter("meeting"))
    try await store.write { database in
      try ReplacedCouncil.leadOn(council, meeting: slug, database)
      _ = try Council.require(council, database)
      let meeting = try Meeting.require(slug, council: council, database)
      let before = try MeetingTrace(meeting, database)
      try change.record("delete", of: "councils/\(council)/meetings/\(slug)", before: before, database)
      try database.execute(sql: "UPDATE meeting SET revision_id = NULL WHERE id = ?", arguments: [meeting.id])
      try database.execute(sql: "DELETE FROM meeting_text WHERE rowid = ?", arguments: [meeting.id])
      try database.execute(sql: "DELETE FROM meeting WHERE id = ?", arguments: [meeting.id])
    }
    cache.drop()
    return JSONOutput.noContent()
  }
}
