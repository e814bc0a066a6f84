import Synchronization

/// How the scheduler's last round went, for `/readyz`.
final class SchedulerHealth: Sendable {
  private let lastProblem = Mutex<String?>(nil)

  /// What the last round failed with, or nil.
  var problem: String? { lastProblem.withLock { $0 } }

  func roundEnded(_ problem: String?) { lastProblem.withLock { $0 = problem } }
}
