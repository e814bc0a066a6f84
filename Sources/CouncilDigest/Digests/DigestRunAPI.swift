import Foundation
import GRDB
import HTTPServer
import HTTPTypes

/// `/api/v1/digest-runs`: start, dry run, look, control.
struct DigestRunAPI: Sendable {
  let store: Store
  let timeZone: TimeZone
  let mailsQuietWeeks: Bool
  /// There is something to plan.
  let runStarted: @Sendable () -> Void
  /// There is something to send.
  let mailQueued: @Sendable () -> Void

  func create(_ request: Request) async throws -> Response {
    let now = store.now()
    let week = try week(in: request, now: now)
    if try isDryRun(request) { return try await dryRun(week, now: now) }
    let outcome = try await store.write { try StartDigestRun.start(week: week, end: now, now: now, $0) }
    switch outcome {
    case .started(let run):
      runStarted()
      return try await respond(.created, run)
    case .exists(let run): return try await respond(.ok, run)
    }
  }

  func list(_ request: Request) async throws -> Response {
    let paging = try Paging(request)
    let before = paging.after == nil ? Int64.max : try paging.afterID()
    let items = try await store.read { database in
      try Row.fetchAll(
        database,
        sql: "SELECT \(DigestRun.columns) FROM digest_run WHERE id < ? ORDER BY id DESC LIMIT ?",
        arguments: [before, paging.limit + 1]
      ).compactMap(DigestRun.init).map { DigestRunItem($0, try $0.counts(database)) }
    }
    return try JSONOutput.response(.ok, paging.page(items) { String($0.id) })
  }

  func get(_ request: Request) async throws -> Response {
    let id = request.parameter("id")
    let run = try await store.read { database in try Int64(id).flatMap { try DigestRun.find($0, database) } }
    guard let run else { throw Refusal.notFound("There is no digest run \(id)") }
    return try await respond(.ok, run)
  }

  func control(_ control: ControlDigestRun) -> @Sendable (Request) async throws -> Response {
    { request in
      let id = Int64(request.parameter("id")) ?? 0
      let now = store.now()
      let run = try await store.write { try control.apply(to: id, now: now, $0) }
      mailQueued()
      return try await respond(.ok, run)
    }
  }

  /// Anything but true and false is refused: a misspelt dry run must not become a run.
  private func isDryRun(_ request: Request) throws -> Bool {
    switch try QueryString(request).first("dry_run") {
    case nil, "false": return false
    case "true": return true
    case .some: throw Refusal.invalid([FieldProblem("dry_run", "Expected true or false")])
    }
  }

  private func week(in request: Request, now: Date) throws -> ISOWeek {
    let current = ISOWeek(containing: now, in: timeZone)
    guard !request.body.isEmpty else { return current }
    var input = try JSONInput(request)
    let text = input.string("week")
    let week = text.map(ISOWeek.init(parsing:)) ?? current
    if week == nil { input.refuse("week", "Expected an ISO week like \(current)") }
    if let week, week > current { input.refuse("week", "\(week) has not begun; this is \(current)") }
    try input.finish()
    guard let week else { return current }
    guard week >= current else { throw Refusal.conflict("\(week) is over; this is \(current)") }
    return week
  }

  /// What a run started now would send. Nothing is written.
  private func dryRun(_ week: ISOWeek, now: Date) async throws -> Response {
    let (plan, readership) = try await store.read { [mailsQuietWeeks] database in
      let plan = try EditionPlan.load(
        week: week.description,
        end: now,
        mailsQuietWeeks: mailsQuietWeeks,
        database
      )
      return (plan, try Readership(plan, database))
    }
    var item = DryRunItem(week: week.description, windowTo: now)
    var last: Int64? = 0
    while let after = last {
      let slice = try await store.read {
        try readership.slice(after: after, limit: 500, $0)
      }
      for entry in slice.entries { try item.count(plan.content(for: entry.reader)) }
      last = slice.last
    }
    return try JSONOutput.response(.ok, item)
  }

  private func respond(_ status: HTTPResponse.Status, _ run: DigestRun) async throws -> Response {
    let counts = try await store.read { try run.counts($0) }
    return try JSONOutput.response(status, DigestRunItem(run, counts))
  }
}

/// A run as the API shows it. Every member is always there.
struct DigestRunItem: Encodable {
  private let run: DigestRun
  private let counts: DigestRun.Counts

  init(_ run: DigestRun, _ counts: DigestRun.Counts) {
    self.run = run
    self.counts = counts
  }

  var id: Int64 { run.id }

  private enum Key: CodingKey {
    case id, week, state, window, recipients, queued, sent, failed, uncertain, cancelled, startedAt, finishedAt
  }

  private enum WindowKey: CodingKey { case from, to }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(run.id, forKey: .id)
    try container.encode(run.week, forKey: .week)
    try container.encode(run.state.rawValue, forKey: .state)
    var window = container.nestedContainer(keyedBy: WindowKey.self, forKey: .window)
    try window.encode(run.from, forKey: .from)
    try window.encode(run.to, forKey: .to)
    try container.encode(counts.recipients, forKey: .recipients)
    try container.encode(counts.queued, forKey: .queued)
    try container.encode(counts.sent, forKey: .sent)
    try container.encode(counts.failed, forKey: .failed)
    try container.encode(counts.uncertain, forKey: .uncertain)
    try container.encode(counts.cancelled, forKey: .cancelled)
    try container.encode(run.startedAt, forKey: .startedAt)
    try container.encode(run.finishedAt, forKey: .finishedAt)
  }
}

/// The plan of a run that was not started.
struct DryRunItem: Encodable {
  var week: String
  var windowTo: Date
  var recipients = 0
  /// Letters that only say why there is nothing.
  var quiet = 0
  /// Active subscribers for whom there is nothing to say.
  var withoutLetter = 0
  var editions = 0
  private var seen: Set<Data> = []

  private enum CodingKeys: CodingKey {
    case week, windowTo, recipients, quiet, withoutLetter, editions
  }

  init(week: String, windowTo: Date) {
    self.week = week
    self.windowTo = windowTo
  }

  mutating func count(_ content: EditionContent?) throws {
    guard let content else {
      withoutLetter += 1
      return
    }
    recipients += 1
    if content.itemCount == 0 { quiet += 1 }
    if seen.insert(EditionContent.key(of: try content.encoded())).inserted { editions += 1 }
  }
}
