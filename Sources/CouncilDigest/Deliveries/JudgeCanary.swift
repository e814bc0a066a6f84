import Foundation
import GRDB

/// Looks at what became of a run's first letters when their time is over, and lets the others go, tries again or pauses.
struct JudgeCanary: Sendable {
  let store: Store
  let plan: Canary.Plan
  let notices: OperatorNotices

  /// How a run may send now; nil while it waits for what becomes of its first letters, or was paused for that.
  func callAsFunction(_ run: DigestRun, now: Date) throws -> Canary? {
    guard let until = run.canary.until else { return run.canary }
    // One that is further away than the wait was reckoned before the clock was set back.
    guard now >= until || until.timeIntervalSince(now) > plan.wait else { return nil }
    return try store.writeTogether { database in
      switch Canary.verdict(on: try run.counts(database)) {
      case .goOn:
        try Canary.over.store(in: run.id, database)
        return .over
      case .tryAgain:
        // They were put off: they go again, alone.
        let again = Canary(left: plan.letters, until: nil)
        try again.store(in: run.id, database)
        return again
      case .pause(let reason):
        try DigestRun.pause(run.id, because: reason, notices, database)
        return nil
      }
    }
  }
}
