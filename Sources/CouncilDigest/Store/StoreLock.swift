import Foundation

/// The right of one process to use a store, held as an advisory lock on a file beside it. The system drops it when the
/// process ends, however it ends. SQLite 3.40 can corrupt a WAL that two processes write and checkpoint.
final class StoreLock: Sendable {
  private let descriptor: Int32

  /// - Throws: `StoreProblem.inUse` when another process holds it.
  init(besideStoreAt path: String) throws {
    let file = path + ".lock"
    let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StoreProblem.unusable(path: file, problem: String(cString: strerror(errno)))
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw StoreProblem.inUse(path: path)
    }
    self.descriptor = descriptor
  }

  /// Unlocked before it is closed: a child that is being started may hold a copy of the descriptor for a moment.
  deinit {
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}

/// Why a store can't be opened.
public enum StoreProblem: Error, Equatable, CustomStringConvertible, Sendable {
  case inUse(path: String)
  case unusable(path: String, problem: String)
  case newerThanThisProgram(path: String)
  /// A migration's file is not what was applied to the store.
  case changedMigration(path: String, migration: String)
  /// Nothing can be written there at the moment: a full disk, say.
  case refusesWrites(path: String, problem: String)

  public var description: String {
    switch self {
    case .inUse(let path): "the store \(path) is in use by another council-digest process"
    case .unusable(let path, let problem): "\(path): \(problem)"
    case .newerThanThisProgram(let path):
      "the store \(path) was written by a newer version of council-digest; start that version, or restore a backup"
    case .changedMigration(let path, let migration):
      "the migration \(migration) was applied to the store \(path) with other content than the file has now; "
        + "put back the file that came with council-digest"
    case .refusesWrites(let path, let problem): "\(path) can’t be written: \(problem)"
    }
  }
}
