import Foundation
import GRDB

/// What an operator does to runs, by the API or by the console: start this week's, approve, pause, resume and cancel.
struct OperateDigestRuns: Sendable {
  let store: Store
  /// There is something to plan.
  let runStarted: @Sendable () -> Void
  /// There is something to send.
  let mailQueued: @Sendable () -> Void

  func start(_ week: ISOWeek, _ change: AuditedChange) async throws -> StartDigestRun.Outcome {
    let now = store.now()
    let outcome = try await store.write { database in
      let outcome = try StartDigestRun.start(week: week, end: now, now: now, database)
      switch outcome {
      case .started(let run):
        try change.record("start", of: "digest-runs/\(run.id)", after: ["week": run.week], database)
      case .exists: change.changedNothing()
      }
      return outcome
    }
    if case .started = outcome { runStarted() }
    return outcome
  }

  /// - Throws: `Refusal.notFound`, or `.conflict` when the run is not in a state that allows it.
  func control(_ id: Int64, _ control: ControlDigestRun, _ change: AuditedChange) async throws -> DigestRun {
    let now = store.now()
    let run = try await store.write { database in
      let before = try DigestRun.find(id, database)
      let run = try control.apply(to: id, now: now, database)
      // Also when the state stays: resuming lets go what waits for the first letters.
      try change.record(
        control.rawValue,
        of: "digest-runs/\(id)",
        before: before.map { ["state": $0.state.rawValue] },
        after: ["state": run.state.rawValue],
        database
      )
      return run
    }
    mailQueued()
    return run
  }
}
