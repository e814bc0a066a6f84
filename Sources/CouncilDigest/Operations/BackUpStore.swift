import Foundation
import GRDB

/// Copies everything, keys included, into one file while the service goes on. The file is made beside its place under another
/// name, read as a whole to see that it is sound, and only then moved there.
struct BackUpStore: Sendable {
  let store: Store
  /// Brings what is journalled beside the store into it.
  let settle: @Sendable () -> Void
  /// One at a time; it blocks.
  private let queue = DispatchQueue(label: "backup")

  struct Backup: Equatable, Sendable {
    var path: String
    var bytes: Int
    var contents: StoreFile.Contents
  }

  init(store: Store, settle: @escaping @Sendable () -> Void) {
    self.store = store
    self.settle = settle
  }

  /// - Throws: `StoreProblem` when the file can't be written, or is not sound.
  func callAsFunction(to path: String) async throws -> Backup {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result { try copy(to: path) }) }
    }
  }

  private func copy(to path: String) throws -> Backup {
    let unfinished = path + ".unfinished"
    StoreFile.remove(unfinished)
    do {
      try FileManager.default.createDirectory(
        at: URL(filePath: path).deletingLastPathComponent(),
        withIntermediateDirectories: true
      )
      settle()
      try Store.createPrivately(unfinished)
      try fill(unfinished)
      let contents = try StoreFile.verify(unfinished)
      let bytes = try FileManager.default.attributesOfItem(atPath: unfinished)[.size] as? Int ?? 0
      try StoreFile.move(unfinished, to: path)
      return Backup(path: path, bytes: bytes, contents: contents)
    } catch {
      StoreFile.remove(unfinished)
      if error is StoreProblem { throw error }
      let problem = (error as? DatabaseError)?.message ?? error.localizedDescription
      throw StoreProblem.refusesWrites(path: path, problem: problem)
    }
  }

  private func fill(_ path: String) throws {
    let now = store.now()
    let copy = try DatabaseQueue(path: path, configuration: Store.fileConfiguration)
    try store.copyPages(into: copy)
    // The store is in WAL mode, and so is its copy: a file that stands alone must not be.
    try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
    try copy.write { database in
      try database.execute(sql: "UPDATE installation SET backed_up_at = ?", arguments: [now.milliseconds])
    }
    try copy.close()
  }
}
