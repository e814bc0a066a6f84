import Foundation
import GRDB
import HTTPServer

/// `GET /operator`: what needs a person first, then this week's run, then what comes next.
struct WeekPage: Sendable {
  let store: Store
  let page: ConsolePage
  let sender: Sender
  let scheduler: DigestScheduler
  let nextDigest: NextDigest
  let pace: DeliveryPace
  let backups: BackupFolder
  let isBackedUpDaily: Bool

  /// For who asked to be kept up to date while something moves.
  private static let reloadSeconds = 10

  private struct View {
    var done: String?
    var needs: [NeedsPerson.Item]
    var needsNothing: Bool
    var runs: [RunView]
    var week: String
    var hasNoRun: Bool
    var isOperator: Bool
    /// Nobody is being asked whether to start a run when digests are held back.
    var mayStart: Bool
    var nextDigest: String
    var isHeld: Bool
    var isMoving: Bool
    var isWatching: Bool
  }

  private struct Facts: Sendable {
    var needs: NeedsPerson.Facts
    var runs: [(run: DigestRun, counts: DigestRun.Counts)]
    var hasRun: Bool
  }

  func callAsFunction(_ request: Request, _ caller: Caller) async throws -> Response {
    let now = store.now()
    let week = ISOWeek(containing: now, in: page.site.identity.timeZone)
    let isOperator = caller.role >= .operator
    var facts = try await store.read { try Self.facts(week, $0) }
    facts.needs.trouble = sender.breaker.trouble
    facts.needs.storeRefuses = sender.isStoreRefusing
    facts.needs.schedulerProblem = scheduler.health.problem != nil
    facts.needs.newestBackup = try backups.backups().last?.takenAt
    facts.needs.isBackedUpDaily = isBackedUpDaily
    facts.needs.installedAt = store.installedAt
    let needs = NeedsPerson(facts.needs, isOperator: isOperator, now: now, page.dates)
    let isHeld = facts.needs.hold != nil
    let runs = facts.runs.map { run, counts in
      RunView(
        run,
        counts,
        rate: pace.rate(of: run.id, at: now),
        isHeld: isHeld,
        isOperator: isOperator,
        now: now,
        page.dates
      )
    }
    let isMoving = !isHeld && facts.runs.contains { $0.run.state == .planning || $0.run.state == .sending }
    let isWatching = try isMoving && QueryString(request).first("watch") == "on"
    let view = View(
      done: try Done(request)?.sentence,
      needs: needs.items,
      needsNothing: needs.items.isEmpty,
      runs: runs,
      week: week.description,
      hasNoRun: !facts.hasRun,
      isOperator: isOperator,
      mayStart: isOperator && !facts.hasRun,
      nextDigest: page.dates.dayAndTime(try await nextDigest()),
      isHeld: isHeld,
      isMoving: isMoving,
      isWatching: isWatching
    )
    return try page(
      "week",
      view,
      title: "This week",
      in: .week,
      for: caller,
      reloadSeconds: isWatching ? Self.reloadSeconds : nil
    )
  }

  private static func facts(_ week: ISOWeek, _ database: Database) throws -> Facts {
    let unfinished: [DigestRun.State] = [.planning, .awaitingApproval, .sending, .paused]
    var runs = try unfinished.flatMap { try DigestRun.inState($0, database) }
    let last = try DigestRun.last(of: week, database)
    if let last, !runs.contains(where: { $0.id == last.id }) { runs.append(last) }
    runs.sort { $0.id > $1.id }
    var needs = NeedsPerson.Facts(hold: try Hold.find(database), runs: runs)
    needs.openRequests =
      try Int.fetchOne(database, sql: "SELECT count(*) FROM topic_request WHERE state = 'open'") ?? 0
    needs.openFeedback = try Int.fetchOne(database, sql: "SELECT count(*) FROM feedback WHERE state = 'open'") ?? 0
    return Facts(
      needs: needs,
      runs: try runs.map { ($0, try $0.counts(database)) },
      hasRun: try DigestRun.find(week: week, database) != nil
    )
  }
}
