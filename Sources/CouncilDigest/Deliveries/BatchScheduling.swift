import Foundation

/// Work that may wait for a moment: while it is on, a thread takes no core from one that runs. Who asks for a page should
/// not wait for a digest, nor should a relay on the same machine, without which there is nothing to do
/// (SCHED_BATCH of sched(7)).
///
/// Off wherever others wait for what the thread holds, and wherever it may start threads, which would be as it is.
enum BatchScheduling {
  static func on<Value>(_ body: () throws -> Value) rethrows -> Value { try run(with: batch, then: SCHED_OTHER, body) }

  static func off<Value>(_ body: () throws -> Value) rethrows -> Value { try run(with: SCHED_OTHER, then: batch, body) }

  /// SCHED_BATCH, which Glibc's module lacks.
  private static let batch: Int32 = 3

  private static func run<Value>(
    with policy: Int32,
    then next: Int32,
    _ body: () throws -> Value
  ) rethrows -> Value {
    set(policy)
    defer { set(next) }
    return try body()
  }

  /// Of this thread. Where it is not allowed nothing changes.
  private static func set(_ policy: Int32) {
    var parameters = sched_param()
    _ = sched_setscheduler(0, policy, &parameters)
  }
}
