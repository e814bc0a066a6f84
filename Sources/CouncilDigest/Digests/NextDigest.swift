import Foundation
import GRDB

/// When the schedule starts the next run.
struct NextDigest: Sendable {
  let store: Store
  let schedule: WeeklySchedule

  func callAsFunction() async throws -> Date {
    let now = store.now()
    return try await store.read { try after(now, $0) }
  }

  /// A week whose run was started by hand has had its digest.
  func after(_ now: Date, _ database: Database) throws -> Date {
    var instant = schedule.next(after: now)
    while try DigestRun.find(week: ISOWeek(containing: instant, in: schedule.timeZone), database) != nil {
      instant = schedule.next(after: instant)
    }
    return instant
  }
}
