import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// A backup each day at a time of the site's clock, and the oldest go. One that was missed is made at the next start.
struct ScheduledBackups: Service {
  let backUp: BackUpStore
  let folder: BackupFolder
  let time: DailyTime
  let now: @Sendable () -> Date
  let log: Logger
  let notify: @Sendable (OperatorNotice) -> Void
  private let failure = Failure()

  init(
    backUp: BackUpStore,
    folder: BackupFolder,
    time: DailyTime,
    now: @escaping @Sendable () -> Date,
    log: Logger,
    notify: @escaping @Sendable (OperatorNotice) -> Void
  ) {
    self.backUp = backUp
    self.folder = folder
    self.time = time
    self.now = now
    self.log = log
    self.notify = notify
  }

  private static let tick: Duration = .seconds(20)
  private static let retryAfter: TimeInterval = 1_800

  /// When it last went wrong: it is tried again after a while, and told once.
  private final class Failure: Sendable {
    let at = Mutex<Date?>(nil)
  }

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while true {
        await round()
        try await Task.sleep(for: Self.tick)
      }
    }
    // A service that ends before its group asks it to is taken for one that failed.
    try? await gracefulShutdown()
  }

  func round() async {
    let now = now()
    let failed = failure.at.withLock { $0 }
    if let failed, abs(now.timeIntervalSince(failed)) < Self.retryAfter { return }
    do {
      let newest = try folder.backups().last?.takenAt
      guard newest.map({ $0 < time.latest(atOrBefore: now) }) ?? true else { return }
      let backup = try await backUp(to: folder.file(at: now))
      try folder.prune()
      failure.at.withLock { $0 = nil }
      log.notice("backup.made", metadata: ["path": "\(backup.path)", "bytes": "\(backup.bytes)"])
    } catch {
      failure.at.withLock { $0 = now }
      log.error("backup.failed", metadata: ["error": "\(error)"])
      if failed == nil { notify(.backupFailed("\(error)")) }
    }
  }
}

/// A time of the day in a zone.
struct DailyTime: Equatable, Sendable {
  var hour: Int
  var minute: Int
  var timeZone: TimeZone

  func latest(atOrBefore date: Date) -> Date {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = timeZone
    // Where daylight saving takes the time away, the next one that there is.
    let today = calendar.date(bySettingHour: hour, minute: minute, second: 0, of: date) ?? date
    guard today > date else { return today }
    let yesterday = calendar.date(byAdding: .day, value: -1, to: date) ?? date
    return calendar.date(bySettingHour: hour, minute: minute, second: 0, of: yesterday) ?? yesterday
  }
}

extension OperatorNotice {
  static func backupFailed(_ problem: String) -> OperatorNotice {
    OperatorNotice(
      subject: "The backup could not be made",
      sentences: ["\(problem).", "It is tried again every half hour; earlier backups are as they were."],
      command: "council-digest check"
    )
  }
}
