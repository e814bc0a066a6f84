import Foundation
import HTTPServer
import Logging
import ServiceLifecycle
import UnixSignals

/// The service as a process runs it: open the store, listen, send, until a signal asks it to drain.
public struct CouncilDigestService: Sendable {
  private let services: Services
  private let log: Logger

  /// - Throws: `StoreProblem` when the store can't be owned, `ConfigurationProblem` when resources are missing.
  public init(
    _ configuration: Configuration,
    clock: WallClock = .system,
    log: Logger,
    isDemo: Bool = false
  ) async throws {
    services = try await Services(configuration, clock: clock, log: log, isDemo: isDemo)
    self.log = log
  }

  /// Serves until SIGTERM or SIGINT, then lets requests and letters under way finish.
  /// - Parameter listening: called once requests are answered.
  public func run(listening: @escaping @Sendable () -> Void = {}) async throws {
    // The last is asked to stop first, and the others wait for it.
    let always: [any ServiceLifecycle.Service] = [
      services.retention, services.sender, services.scheduler,
      HTTPService(services: services, log: log, listening: listening),
    ]
    let sometimes: [(any ServiceLifecycle.Service)?] = [services.bounceMailbox, services.scheduledBackups]
    let group = ServiceGroup(
      configuration: .init(
        services: (sometimes.compactMap(\.self) + always).map { .init(service: $0) },
        gracefulShutdownSignals: [.sigterm, .sigint],
        // The group logs its services whole, and ours hold secrets.
        logger: Logger(label: "services") { _ in SwiftLogNoOpLogHandler() }
      )
    )
    // A topic whose query changed just before the last stop.
    async let _ = finishTopics()
    try await group.run()
    log.notice("service.stopped")
  }

  private func finishTopics() async {
    do {
      try await services.catchUpTopics()
    } catch {
      log.error("topic.not-matched", metadata: ["error": "\(error)"])
    }
  }

  /// Answers one call without listening: for commands, while no service runs.
  public func call(
    _ method: String,
    _ path: String,
    body: [UInt8] = [],
    type: String = "application/json"
  ) async -> ControlSocket.Answer {
    var request = Self.request(method, path, type)
    request.body = body
    return await answer(request)
  }

  /// As above, with a body that is too large for memory.
  /// - Parameter next: the next piece of the body; empty at the end.
  public func call(
    _ method: String,
    _ path: String,
    type: String,
    next: () throws -> [UInt8]
  ) async throws -> ControlSocket.Answer {
    let body = try SpooledBody(in: services.spoolFolder)
    while case let piece = try next(), !piece.isEmpty { try body.append(piece) }
    var request = Self.request(method, path, type)
    request.spooledBody = body
    return await answer(request)
  }

  private static func request(_ method: String, _ path: String, _ type: String) -> Request {
    let parts = path.split(separator: "?", maxSplits: 1).map(String.init)
    return Request(
      method: .init(rawValue: method) ?? .get,
      path: parts[0],
      query: parts.count > 1 ? parts[1] : nil,
      fields: [.contentType: type],
      peer: .unixSocket
    )
  }

  private func answer(_ request: Request) async -> ControlSocket.Answer {
    let response = await services.application.respond(to: request)
    return ControlSocket.Answer(status: response.status.code, body: response.body)
  }

  /// Fills an empty demonstration.
  public func loadDemo() async throws {
    let content = DemoContent(
      store: services.store,
      putMeeting: services.putMeeting,
      catchUpTopics: services.catchUpTopics
    )
    let samples = try Resources.folder("demo").appending(path: "samples.ndjson")
    let topics = Configuration.shipped("config/starter-topics.ndjson")
    let hasTopics = FileManager.default.fileExists(atPath: topics)
    if !hasTopics { log.warning("demo.no-topics", metadata: ["missing": "\(topics)"]) }
    try await content.load(samples: samples, topics: hasTopics ? URL(filePath: topics) : nil)
  }

  /// A new operator key, for the demonstration's curl lines.
  public func createOperatorKey(named name: String) async throws -> String {
    try await services.apiKeys.create(name: name, role: .operator).secret
  }
}

/// The server as a service: listens while the others run, drains first.
private struct HTTPService: ServiceLifecycle.Service {
  let services: Services
  let log: Logger
  let listening: @Sendable () -> Void

  func run() async throws {
    var limits = services.configuration.limits
    limits.connections = connections(limits.connections)
    let server = try Server(limits: limits, services.application.responder)
    let configuration = services.configuration
    do {
      _ = try server.start(on: [.tcp(host: configuration.host, port: configuration.port)] + controlSocket)
    } catch let error as ListenError where error.isHostUnknown {
      throw ConfigurationProblem(key: "http.host", problem: "\(error)")
    }
    log.notice("http.listening", metadata: ["address": "http://\(configuration.host):\(configuration.port)"])
    listening()
    try? await gracefulShutdown()
    // At the same time: together they must not take longer than a supervisor waits.
    services.sender.stop()
    await server.drain()
  }

  /// How many connections there are descriptors for. Outside systemd the usual soft limit is 1,024, which is what one
  /// client may hold; it is raised as far as the system lets us.
  private func connections(_ wanted: Int) -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return wanted }
    limit.rlim_cur = min(limit.rlim_max, max(limit.rlim_cur, 65_536))
    guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return wanted }
    let room = max(64, Int(clamping: limit.rlim_cur) - Self.otherDescriptors - services.configuration.limits.refusals)
    guard wanted == 0 || wanted > room else { return wanted }
    log.warning("http.connections-lowered", metadata: ["to": "\(room)", "open-files-limit": "\(limit.rlim_cur)"])
    return room
  }

  /// For the store, letters under way, logs; those who are told that there are too many come on top.
  private static let otherDescriptors = 200

  /// Beside the store, when its path fits into a socket's address.
  private var controlSocket: [ListenAddress] {
    let path = ControlSocket.path(besideStoreAt: services.configuration.storePath)
    guard path.utf8.count < 108 else {
      log.warning("control-socket.skipped", metadata: ["reason": "the store's path is too long for a Unix socket"])
      return []
    }
    return [.unix(path: path)]
  }
}
