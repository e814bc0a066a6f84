@preconcurrency import Dispatch
import HTTPServer
import Logging

/// `POST /api/v1/import`: councils, topics and meetings, one JSON object a line, each put as its PUT would. Good lines are
/// kept and bad ones reported; with `?atomic=true` it is all of them or none.
struct ImportLines: Sendable {
  let store: Store
  let cache: PageCache
  let putMeeting: PutMeeting
  let catchUpTopics: CatchUpTopics
  let log: Logger
  /// Reading lines is work, and waiting for the store blocks: neither is for a shard. One import at a time.
  private let queue = DispatchQueue(label: "import")

  static let bodyLimit = 2_147_483_648

  init(store: Store, cache: PageCache, putMeeting: PutMeeting, catchUpTopics: CatchUpTopics, log: Logger) {
    self.store = store
    self.cache = cache
    self.putMeeting = putMeeting
    self.catchUpTopics = catchUpTopics
    self.log = log
  }

  func callAsFunction(_ request: Request, _ change: AuditedChange) async throws -> Response {
    try Self.checkType(request)
    let isAtomic = try Self.isAtomic(request)
    let report = try await onQueue {
      isAtomic
        ? try ImportAllOrNone(store: store, cache: cache, putMeeting: putMeeting)(request, change)
        : try ImportGoodLines(store: store, cache: cache, putMeeting: putMeeting, log: log)(request, change)
    }
    if !report.hasChanges { change.changedNothing() }
    // Always: an earlier import may have been stopped before it.
    try await catchUpTopics()
    log.notice("import.finished", metadata: Self.figures(report))
    return try JSONOutput.response(.ok, report)
  }

  private static func checkType(_ request: Request) throws {
    guard let type = request.fields[.contentType] else { return }
    // curl's --data-binary says that it sends a form unless told otherwise; what it sends decides.
    let known = ["application/x-ndjson", "application/ndjson", "application/json", "application/x-www-form-urlencoded"]
    guard known.contains(MediaType(type).essence) else {
      throw Refusal.unsupportedMediaType(expected: "application/x-ndjson")
    }
  }

  /// Anything but true and false is refused: half of what was meant to be all must not be kept.
  private static func isAtomic(_ request: Request) throws -> Bool {
    switch try QueryString(request).first("atomic") {
    case nil, "false": return false
    case "true": return true
    case .some: throw Refusal.invalid([FieldProblem("atomic", "Expected true or false")])
    }
  }

  private func onQueue(_ body: @escaping @Sendable () throws -> ImportReport) async throws -> ImportReport {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { @Sendable in continuation.resume(with: Result { try body() }) }
    }
  }

  private static func figures(_ report: ImportReport) -> Logger.Metadata {
    let counts = ["councils": report.councils, "topics": report.topics, "meetings": report.meetings]
    var figures = counts.mapValues { Logger.MetadataValue("\($0.created)+\($0.replaced)+\($0.unchanged)") }
    figures["errors"] = "\(report.errors.count + report.errorsOmitted)"
    return figures
  }
}
