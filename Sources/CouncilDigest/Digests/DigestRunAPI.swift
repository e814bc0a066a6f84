import Foundation
import GRDB
import HTTPServer
import HTTPTypes

/// `/api/v1/digest-runs`: start, dry run, look, control.
struct DigestRunAPI: Sendable {
  let store: Store
  let timeZone: TimeZone
  let dryRun: DryDigestRun
  let pace: DeliveryPace
  let operate: OperateDigestRuns

  func create(_ request: Request, _ change: AuditedChange) async throws -> Response {
    let now = store.now()
    let week = try week(in: request, now: now)
    let end = try request.time("at")
    if try isDryRun(request) {
      change.changedNothing()
      return try await JSONOutput.response(.ok, dryRun.plan(end: end ?? now, matchesQueries: true))
    }
    guard end == nil else { throw Refusal.invalid([FieldProblem("at", "Only with dry_run=true")]) }
    switch try await operate.start(week, change) {
    case .started(let run): return try await respond(.created, run)
    case .exists(let run): return try await respond(.ok, run)
    }
  }

  func list(_ request: Request) async throws -> Response {
    let paging = try Paging(request)
    let now = store.now()
    let before = paging.after == nil ? Int64.max : try paging.afterID()
    let items = try await store.read { [pace] database in
      let isHeld = try Hold.find(database) != nil
      return try Row.fetchAll(
        database,
        sql: "SELECT \(DigestRun.columns) FROM digest_run WHERE id < ? ORDER BY id DESC LIMIT ?",
        arguments: [before, paging.limit + 1]
      ).compactMap(DigestRun.init).map {
        DigestRunItem($0, try $0.counts(database), rate: pace.rate(of: $0.id, at: now), isHeld: isHeld, now: now)
      }
    }
    return try JSONOutput.response(.ok, paging.page(items) { String($0.id) })
  }

  func get(_ request: Request) async throws -> Response {
    let id = request.parameter("id")
    let run = try await store.read { database in try Int64(id).flatMap { try DigestRun.find($0, database) } }
    guard let run else { throw Refusal.notFound("There is no digest run \(id)") }
    return try await respond(.ok, run)
  }

  func control(_ control: ControlDigestRun) -> @Sendable (Request, AuditedChange) async throws -> Response {
    { request, change in
      try await respond(.ok, operate.control(Int64(request.parameter("id")) ?? 0, control, change))
    }
  }

  /// Anything but true and false is refused: a misspelt dry run must not become a run.
  private func isDryRun(_ request: Request) throws -> Bool {
    let query = try QueryString(request)
    try query.refuseOthers(than: "dry_run", "at")
    switch query.all("dry_run") {
    case [], ["false"]: return false
    case ["true"]: return true
    default: throw Refusal.invalid([FieldProblem("dry_run", "Expected true or false")])
    }
  }

  private func week(in request: Request, now: Date) throws -> ISOWeek {
    let current = ISOWeek(containing: now, in: timeZone)
    guard !request.body.isEmpty else { return current }
    var input = try JSONInput(request)
    let text = input.string("week", required: input.has("week"))
    let week = text.map(ISOWeek.init(parsing:)) ?? current
    if week == nil { input.refuse("week", "Expected an ISO week like \(current)") }
    if let week, week > current { input.refuse("week", "\(week) has not begun; this is \(current)") }
    try input.finish()
    guard let week else { return current }
    guard week >= current else { throw Refusal.conflict("\(week) is over; this is \(current)") }
    return week
  }

  private func respond(_ status: HTTPResponse.Status, _ run: DigestRun) async throws -> Response {
    let (counts, hold) = try await store.read { (try run.counts($0), try Hold.find($0)) }
    let now = store.now()
    let rate = pace.rate(of: run.id, at: now)
    return try JSONOutput.response(status, DigestRunItem(run, counts, rate: rate, isHeld: hold != nil, now: now))
  }
}
