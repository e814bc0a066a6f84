import HTTPServer

/// `DELETE /api/v1/subscribers/{id}` and `GET /api/v1/subscribers/{id}/export`: what a person may ask the operator for.
struct SubscriberDataAPI: Sendable {
  let store: Store

  func erase(_ request: Request, _ change: AuditedChange) async throws -> Response {
    guard let id = Int64(request.parameter("id")), try await EraseSubscriber(store: store)(id, by: change) else {
      throw Self.unknown(request)
    }
    return JSONOutput.noContent()
  }

  func export(_ request: Request) async throws -> Response {
    let id = Int64(request.parameter("id")) ?? 0
    let now = store.now()
    let export = try await store.read { database in
      try Subscriber.find(id: id, database).map { try ReaderExport($0, now: now, database) }
    }
    guard let export else { throw Self.unknown(request) }
    return try export.response()
  }

  private static func unknown(_ request: Request) -> Refusal {
    .notFound("There is no subscriber \(request.parameter("id"))")
  }
}
