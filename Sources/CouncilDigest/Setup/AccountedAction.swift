import GRDB
import HTTPServer
import Logging

/// Runs an action that changes something, and sees that it has written its line of the audit.
struct AccountedAction: Sendable {
  let store: Store
  let log: Logger

  /// - Parameter label: method and pattern of the route.
  func callAsFunction(
    _ request: Request,
    by caller: Caller,
    _ label: String,
    _ action: @Sendable (Request, AuditedChange) async throws -> Response
  ) async throws -> Response {
    let change = AuditedChange(caller, request: "\(request.id)", now: store.clock.now)
    let response = try await action(request, change)
    guard change.hasAccounted else {
      // A mistake in the action. A line that knows little is better than none.
      log.error("audit.not-accounted", metadata: ["request": "\(request.id)", "route": "\(label)"])
      let parts = label.split(separator: " ", maxSplits: 1).map(String.init)
      try await store.write { try change.record((parts.first ?? "").lowercased(), of: parts.last ?? "", $0) }
      return response
    }
    return response
  }
}
