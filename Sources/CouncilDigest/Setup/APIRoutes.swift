import Foundation
import HTTPServer
import HTTPTypes
import Logging

/// Every call of the API, with the role it needs. A call that changes something is a `change`: it is given what it must
/// write its line of the audit with.
struct APIRoutes: Sendable {
  let services: Services

  private var store: Store { services.store }
  private var site: Site { services.site }
  private var cache: PageCache { services.site.cache }

  var routes: [Route] {
    let council = CouncilAPI(store: store, cache: cache)
    let meeting = MeetingAPI(store: store, cache: cache)
    let topic = TopicAPI(store: store, cache: cache)
    let importLines = ImportLines(
      store: store,
      cache: cache,
      putMeeting: services.putMeeting,
      catchUpTopics: services.catchUpTopics,
      log: services.log
    )
    let subscribers = SubscriberAPI(store: store)
    let personalData = SubscriberDataAPI(store: store)
    let keys = APIKeyAPI(keys: services.apiKeys)
    let runs = DigestRunAPI(
      store: store,
      timeZone: site.identity.timeZone,
      dryRun: services.dryRun,
      pace: services.queue.records.pace,
      operate: services.operateDigestRuns
    )
    let test = SendTestDigest(
      store: store,
      timeZone: site.identity.timeZone,
      editions: services.queue.editions,
      mailQueued: services.mailQueued
    )
    let hold = services.hold
    let explain = ExplainDigest(store: store, timeZone: site.identity.timeZone)
    let bounces = BounceAPI(
      store: store,
      letters: services.receiveBounce.letters,
      receiveBounce: services.receiveBounce
    )
    let preview = services.previewDigest
    let decideTopicRequest = services.decideTopicRequest
    let backups = BackupAPI(store: store, backUp: services.backUp, folder: services.configuration.backupFolder)
    let handleFeedback = services.handleFeedback
    let export = ExportAPI(store: store)
    let putCouncil = PutCouncil(
      store: store,
      cache: cache,
      replace: ReplaceCouncils(store: store, letters: services.letters).callAsFunction,
      replaced: { [catchUp = services.catchUpTopics, mailQueued = services.mailQueued] in
        mailQueued()
        try await catchUp()
      }
    )
    let councilPath = "/councils/{council}"
    let meetingPath = "/councils/{council}/meetings/{meeting}"
    return [
      call(.get, "/councils", .reader, council.list),
      call(.get, councilPath, .reader, council.get),
      change(.put, councilPath, .editor, putCouncil.callAsFunction),
      change(.delete, councilPath, .editor, council.delete),
      call(.get, "/councils/{council}/meetings", .reader, meeting.list),
      call(.get, meetingPath, .reader) { request, role in try await meeting.get(request, for: role) },
      change(.put, meetingPath, .editor, bodyLimit: PutMeeting.bodyLimit, services.putMeeting.callAsFunction),
      change(.delete, meetingPath, .editor, meeting.delete),
      call(.get, "/topics", .reader, topic.list),
      call(.get, "/topics/{topic}", .reader, topic.get),
      change(
        .put,
        "/topics/{topic}",
        .editor,
        PutTopic(store: store, cache: cache, catchUp: services.catchUpTopics).callAsFunction
      ),
      change(.delete, "/topics/{topic}", .editor, topic.delete),
      change(.post, "/import", .editor, bodyLimit: ImportLines.bodyLimit, spoolsBody: true, importLines.callAsFunction),
      call(.get, "/topic-requests", .operator, TopicRequestAPI(store: store).list),
      change(.patch, "/topic-requests/{id}", .operator, decideTopicRequest.callAsFunction),
      call(.get, "/feedback", .operator, FeedbackAPI(store: store).list),
      change(.patch, "/feedback/{id}", .operator, handleFeedback.callAsFunction),
      call(.get, "/subscribers", .operator, subscribers.list),
      call(.get, "/subscribers/{id}", .operator, subscribers.get),
      change(.patch, "/subscribers/{id}", .operator, subscribers.change),
      change(.delete, "/subscribers/{id}", .operator, personalData.erase),
      call(.get, "/subscribers/{id}/export", .operator, personalData.export),
      change(
        .post,
        "/subscribers/import",
        .operator,
        bodyLimit: ImportSubscribers.bodyLimit,
        spoolsBody: true,
        ImportSubscribers(store: store, log: services.log).callAsFunction
      ),
      change(.post, "/digest-runs", .operator, runs.create),
      call(.get, "/digest-runs", .reader, runs.list),
      call(.get, "/digest-runs/{id}", .reader, runs.get),
      call(.get, "/digest-runs/{id}/preview", .operator, preview.callAsFunction),
      change(.post, "/digest-runs/test", .operator, test.callAsFunction),
      call(.get, "/hold", .operator, hold.get),
      change(.post, "/hold", .operator, hold.post),
      call(.get, "/explain", .operator, explain.callAsFunction),
      // Kept with its evidence in a list of its own.
      call(.post, "/bounces", .operator, bodyLimit: BounceAPI.bodyLimit, bounces.callAsFunction),
      call(.get, "/backups", .operator, backups.list),
      change(.post, "/backups", .operator, backups.create),
      call(.get, "/export/content", .operator, export.content),
      call(.get, "/export/subscribers", .operator, export.subscribers),
      call(.get, "/stats", .reader, StatsAPI(store: store).callAsFunction),
      call(.get, "/audit", .operator, AuditAPI(store: store).list),
      call(.get, "/api-keys", .operator, keys.list),
      change(.post, "/api-keys", .operator, keys.create),
      change(.delete, "/api-keys/{id}", .operator, keys.revoke),
    ]
      + ControlDigestRun.allCases.map { control in
        change(.post, "/digest-runs/{id}/\(control.rawValue)", .operator, runs.control(control))
      }
  }

  /// A call that changes nothing, for keys of at least `role`.
  private func call(
    _ method: HTTPRequest.Method,
    _ pattern: String,
    _ role: Role,
    bodyLimit: Int = Self.bodyLimit,
    _ action: @escaping Route.Action
  ) -> Route {
    route(method, pattern, role, bodyLimit: bodyLimit, spoolsBody: false) { request, _ in try await action(request) }
  }

  /// As above, for an action whose answer depends on the role of the key.
  private func call(
    _ method: HTTPRequest.Method,
    _ pattern: String,
    _ role: Role,
    _ action: @escaping @Sendable (Request, Role) async throws -> Response
  ) -> Route {
    route(method, pattern, role, bodyLimit: Self.bodyLimit, spoolsBody: false) { request, caller in
      try await action(request, caller.role)
    }
  }

  /// A call that changes something.
  private func change(
    _ method: HTTPRequest.Method,
    _ pattern: String,
    _ role: Role,
    bodyLimit: Int = Self.bodyLimit,
    spoolsBody: Bool = false,
    _ action: @escaping @Sendable (Request, AuditedChange) async throws -> Response
  ) -> Route {
    let label = "\(method.rawValue) \(pattern)"
    return route(method, pattern, role, bodyLimit: bodyLimit, spoolsBody: spoolsBody) { [accounted] in
      try await accounted($0, by: $1, label, action)
    }
  }

  private var accounted: AccountedAction { AccountedAction(store: store, log: services.log) }

  private static let bodyLimit = 1_048_576

  private func route(
    _ method: HTTPRequest.Method,
    _ pattern: String,
    _ role: Role,
    bodyLimit: Int,
    spoolsBody: Bool,
    _ action: @escaping @Sendable (Request, Caller) async throws -> Response
  ) -> Route {
    let permitted = { @Sendable [keys = services.apiKeys] (request: Request) throws -> Caller in
      guard let caller = keys.caller(of: request.fields[.authorization], from: request.peer) else {
        throw Refusal.noKey
      }
      guard caller.role >= role else { throw Refusal.wrongRole(needed: role.rawValue) }
      return caller
    }
    return Route(
      method,
      APIKeys.path + pattern,
      bodyLimit: bodyLimit,
      spoolsBody: spoolsBody,
      permit: { _ = try permitted($0) }
    ) { [keys = services.apiKeys] request in
      let caller = try permitted(request)
      keys.noteUse(by: caller)
      return try await action(request, caller)
    }
  }
}
