import Foundation
import Logging
import ServiceLifecycle

/// Starts what the schedule owes and plans what was started. Woken by a new run and once a second; its first round takes
/// up what a crash interrupted.
struct DigestScheduler: Service {
  let store: Store
  let schedule: WeeklySchedule
  let catchUpDays: Int
  let planner: PlanDigestRun
  let log: Logger
  /// A run was planned: there is something to send.
  let mailQueued: @Sendable () -> Void
  let health = SchedulerHealth()
  private let wakeups: AsyncStream<Void>
  private let wakeup: AsyncStream<Void>.Continuation

  private static let tick: Duration = .seconds(1)

  init(
    store: Store,
    schedule: WeeklySchedule,
    catchUpDays: Int,
    planner: PlanDigestRun,
    log: Logger,
    mailQueued: @escaping @Sendable () -> Void
  ) {
    self.store = store
    self.schedule = schedule
    self.catchUpDays = catchUpDays
    self.planner = planner
    self.log = log
    self.mailQueued = mailQueued
    (wakeups, wakeup) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  func wake() { wakeup.yield() }

  func run() async throws {
    try await withGracefulShutdownHandler {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          while !Task.isCancelled {
            wake()
            try await Task.sleep(for: Self.tick)
          }
        }
        for await _ in wakeups { await work() }
        group.cancelAll()
        do { try await group.waitForAll() } catch is CancellationError {}
      }
    } onGracefulShutdown: {
      wakeup.finish()
    }
  }

  /// One round: what is due is started, what is started is planned, what is done is closed.
  func work() async {
    do {
      try await startWhatIsDue()
      try await planWhatIsStarted()
      health.roundEnded(nil)
    } catch is CancellationError {
      return
    } catch {
      // The rows say what is left; the next round tries again.
      if health.problem == nil { log.error("digest.round-failed", metadata: ["error": "\(error)"]) }
      health.roundEnded("\(error)")
    }
  }

  private func startWhatIsDue() async throws {
    let now = store.now()
    let (newestEnd, hold) = try await store.read { (try DigestRun.newestEnd($0), try Hold.find($0)) }
    guard hold == nil,
      let due = DueDigest(
        schedule,
        now: now,
        installedAt: store.installedAt,
        newestEnd: newestEnd,
        catchUpDays: catchUpDays
      ),
      try await store.read({ try DigestRun.find(week: due.week, $0) }) == nil
    else { return }
    let outcome = try await store.write { try StartDigestRun.start(week: due.week, end: due.end, now: now, $0) }
    guard case .started(let run) = outcome else { return }
    log.info("digest.started", metadata: ["run": "\(run.id)", "week": "\(run.week)"])
  }

  private func planWhatIsStarted() async throws {
    for run in try await store.read({ try DigestRun.inState(.planning, $0) }) {
      let longest = try await planner.plan(run)
      let counts = try await store.read { try run.counts($0) }
      log.info(
        "digest.planned",
        metadata: [
          "run": "\(run.id)", "week": "\(run.week)", "letters": "\(counts.recipients)",
          "longest-write-ms": "\(longest.milliseconds)",
        ]
      )
      mailQueued()
    }
    let now = store.now()
    let sending = try await store.read { try DigestRun.inState(.sending, $0) }
    guard !sending.isEmpty else { return }
    try await store.write { database in
      for run in sending { try DigestRun.finishIfDone(run.id, now: now, database) }
    }
  }
}
