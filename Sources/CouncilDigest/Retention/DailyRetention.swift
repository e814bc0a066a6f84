import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// Forgets, once a day and at each start, what is not needed any more: see `Retention`.
final class DailyRetention: Service {
  private let store: Store
  private let log: Logger
  private let lastRound = Mutex<Date?>(nil)

  private static let interval: TimeInterval = 86_400
  private static let tick: Duration = .seconds(60)

  init(store: Store, log: Logger) {
    self.store = store
    self.log = log
  }

  func run() async throws {
    try? await cancelWhenGracefulShutdown { [self] in
      while true {
        await workWhenDue()
        try await Task.sleep(for: Self.tick)
      }
    }
    // A service that ends before its group asks it to is taken for one that failed.
    try? await gracefulShutdown()
  }

  /// Does nothing within a day of the last round.
  func workWhenDue() async {
    let now = store.now()
    let isDue = lastRound.withLock { last in
      // A clock that was set back must not hold it up.
      guard let last, (0..<Self.interval).contains(now.timeIntervalSince(last)) else { return true }
      return false
    }
    guard isDue else { return }
    do {
      let forgotten = try await Retention(store: store)()
      lastRound.withLock { $0 = now }
      if !forgotten.isEmpty { log.info("retention.done", metadata: forgotten.mapValues { "\($0)" }) }
    } catch  where Task.isCancelled {
      return
    } catch {
      // The next minute tries again.
      log.error("retention.failed", metadata: ["error": "\(error)"])
    }
  }
}
