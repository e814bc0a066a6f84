import Foundation
import GRDB

/// Begins the run of a week: one row, whoever asks and however often.
struct StartDigestRun: Sendable {
  enum Outcome: Equatable, Sendable {
    case started(DigestRun)
    /// The week has its run already; nothing more is sent.
    case exists(DigestRun)
  }

  /// - Parameter end: what was announced up to here is carried: now for a run started by hand, the scheduled instant for
  ///   one of the schedule, even when it starts late.
  static func start(week: ISOWeek, end: Date, now: Date, _ database: Database) throws -> Outcome {
    if let run = try DigestRun.find(week: week, database) { return .exists(run) }
    // What a cancelled run did not bring is still to come.
    let previous = try DigestRun.newest(database)?.to
    let from = previous ?? end.addingTimeInterval(-7 * 86_400)
    try database.execute(
      sql: """
        INSERT INTO digest_run (week, state, window_from, window_to, started_at) VALUES (?, 'planning', ?, ?, ?)
        """,
      arguments: [week.description, min(from, end).milliseconds, end.milliseconds, now.milliseconds]
    )
    guard let run = try DigestRun.find(database.lastInsertedRowID, database) else {
      throw StoreProblem.unusable(path: "digest_run", problem: "a row that was just written is not there")
    }
    return .started(run)
  }
}

/// What the schedule owes, decided without a clock.
struct DueDigest: Equatable, Sendable {
  /// A start that is late by so much is no catching up.
  private static let onTime: TimeInterval = 3_600

  var week: ISOWeek
  var end: Date

  /// - Parameters:
  ///   - installedAt: weeks whose instant fell before are not owed.
  ///   - newestEnd: the end of the newest run; a run that reaches the scheduled instant has covered it.
  ///   - catchUpDays: a week missed for longer waits for the next; several missed weeks are one digest.
  init?(
    _ schedule: WeeklySchedule,
    now: Date,
    installedAt: Date,
    newestEnd: Date?,
    catchUpDays: Int
  ) {
    let instant = schedule.latest(atOrBefore: now)
    guard instant >= installedAt, now.timeIntervalSince(instant) <= max(Double(catchUpDays) * 86_400, Self.onTime)
    else {
      return nil
    }
    if let newestEnd, newestEnd >= instant { return nil }
    week = ISOWeek(containing: instant, in: schedule.timeZone)
    end = instant
  }
}
