import Foundation
import GRDB
import Synchronization

/// Lets writes that arrive together share one commit: making a commit durable costs many times what a write does. One that
/// fails undoes nothing of the others; all hear of the commit before they are done.
///
/// A savepoint for each write would do that alone, but SQLite then copies every page it touches to a journal file, which
/// costs as much as the commit. So a group runs without, and only when one fails after it had changed something is the
/// group rolled back and run again with savepoints. A write may therefore run twice; it must do nothing but read and
/// change the database.
final class CommitGroup: Sendable {
  /// One write that waits. It gives back what to do once the outcome is known.
  struct Write: Sendable {
    /// Throws what the write threw; otherwise what to tell its caller after the commit.
    var run: @Sendable (Database) throws -> @Sendable () -> Void
    var fail: @Sendable (any Error) -> Void
  }

  private struct Waiting {
    var writes: [Write] = []
    /// Someone is on the way to the writer.
    var isScheduled = false
  }

  private let pool: DatabasePool
  private let durations: Histogram
  private let waiting = Mutex(Waiting())

  /// Small, so that the next requests are answered while this group is made durable: a group of everyone would let all
  /// wait for the writer and then the writer for all. Others that write, such as a digest run, get their turn between.
  private static let maximumWrites = 24
  private static let maximumTime: Duration = .milliseconds(20)

  init(_ pool: DatabasePool, _ durations: Histogram) {
    self.pool = pool
    self.durations = durations
  }

  func add(_ write: Write) {
    let isFirst = waiting.withLock { waiting in
      waiting.writes.append(write)
      defer { waiting.isScheduled = true }
      return !waiting.isScheduled
    }
    if isFirst { schedule() }
  }

  private func schedule() {
    pool.asyncWriteWithoutTransaction { [self] database in
      durations.measure { commitGroup(database) }
      let isMore = waiting.withLock { waiting in
        waiting.isScheduled = !waiting.writes.isEmpty
        return waiting.isScheduled
      }
      if isMore { schedule() }
    }
  }

  private func commitGroup(_ database: Database) {
    var taken: [Write] = []
    switch commitPlainly(database, &taken) {
    case .settled: return
    case .undone: commitCarefully(database, taken)
    }
  }

  private enum Attempt {
    /// Everyone knows.
    case settled
    /// Nobody was told anything.
    case undone
  }

  /// As many as there are within a slice of time, without savepoints.
  private func commitPlainly(_ database: Database, _ taken: inout [Write]) -> Attempt {
    var tellings: [@Sendable () -> Void] = []
    do {
      try database.beginTransaction(.immediate)
      let start = ContinuousClock.now
      while taken.count < Self.maximumWrites, ContinuousClock.now - start < Self.maximumTime, let write = next() {
        taken.append(write)
        let changes = database.totalChangesCount
        do {
          tellings.append(try write.run(database))
        } catch  where database.isInsideTransaction && database.totalChangesCount == changes {
          // It changed nothing, so there is nothing to undo; it may have judged by what is not committed yet.
          tellings.append { write.fail(error) }
        }
      }
      try database.commit()
    } catch {
      if database.isInsideTransaction { try? database.rollback() }
      guard taken.isEmpty else { return .undone }
      // The store can't be written at all. Who waits hears so, and does not wait for ever.
      while taken.count < Self.maximumWrites, let write = next() {
        taken.append(write)
        write.fail(error)
      }
    }
    for tell in tellings { tell() }
    return .settled
  }

  /// Each in a savepoint; and, should the commit fail, each alone, so that only those with a problem hear of it.
  private func commitCarefully(_ database: Database, _ writes: [Write]) {
    var tellings: [@Sendable () -> Void] = []
    do {
      try database.beginTransaction(.immediate)
      for write in writes {
        do {
          try database.inSavepoint {
            tellings.append(try write.run(database))
            return .commit
          }
        } catch  where database.isInsideTransaction {
          tellings.append { write.fail(error) }
        }
      }
      try database.commit()
    } catch {
      if database.isInsideTransaction { try? database.rollback() }
      guard writes.count > 1 else {
        for write in writes { write.fail(error) }
        return
      }
      for write in writes { commitCarefully(database, [write]) }
      return
    }
    for tell in tellings { tell() }
  }

  private func next() -> Write? {
    waiting.withLock { $0.writes.isEmpty ? nil : $0.writes.removeFirst() }
  }
}
