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
  private let waiting = Mutex(Waiting())

  /// Small, so that the next requests are answered while this group is made durable: a group of everyone would let all
  /// wait for the writer and then the writer for all. Others that write, such as a digest run, get their turn between.
  private static let maximumWrites = 24
  private static let maximumTime: Duration = .milliseconds(20)

  init(_ pool: DatabasePool) {
    self.pool = pool
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
      commitGroup(database)
      let isMore = waiting.withLock { waiting in
        waiting.isScheduled = !waiting.writes.isEmpty
        return waiting.isScheduled
      }
      if isMore { schedule() }
    }
  }

  private func commitGroup(_ database: Database) {
    var count = 0
    let start = ContinuousClock.now
    let undone = commit(database, isCareful: false) {
      count += 1
      return count <= Self.maximumWrites && ContinuousClock.now - start < Self.maximumTime ? next() : nil
    }
    guard !undone.isEmpty else { return }
    var again = undone[...]
    _ = commit(database, isCareful: true) { again.popFirst() }
  }

  /// Runs and commits the writes that `take` gives, one after the other.
  /// - Returns: those that were undone although nothing was wrong with them; never any when careful.
  private func commit(_ database: Database, isCareful: Bool, take: () -> Write?) -> [Write] {
    var done: [(write: Write, tell: @Sendable () -> Void)] = []
    do {
      try database.beginTransaction(.immediate)
      while let write = take() {
        let changes = database.totalChangesCount
        do {
          done.append((write, isCareful ? try runInSavepoint(write, database) : try write.run(database)))
        } catch {
          write.fail(error)
          // A full disk undoes the whole transaction, and with it what the others wrote.
          guard database.isInsideTransaction else { throw error }
          guard isCareful || database.totalChangesCount == changes else {
            try database.rollback()
            return done.map(\.write)
          }
        }
      }
      try database.commit()
      for one in done { one.tell() }
    } catch {
      if database.isInsideTransaction { try? database.rollback() }
      for one in done { one.write.fail(error) }
      // Who had not begun would otherwise wait for ever.
      while let write = take() { write.fail(error) }
    }
    return []
  }

  private func runInSavepoint(_ write: Write, _ database: Database) throws -> @Sendable () -> Void {
    var tell: @Sendable () -> Void = {}
    try database.inSavepoint {
      tell = try write.run(database)
      return .commit
    }
    return tell
  }

  private func next() -> Write? {
    waiting.withLock { $0.writes.isEmpty ? nil : $0.writes.removeFirst() }
  }
}
