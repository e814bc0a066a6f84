import CouncilDigest
import Foundation
import GRDB
import Synchronization

/// A store that has every migration and nothing else, made once: to migrate an empty file takes half of a service's start.
public enum MigratedStore {
  private static let made = Mutex<Data?>(nil)

  /// As the service would leave it, but for its keys and the day of its installation, which are made at its first start.
  public static func put(at path: String) throws {
    let content = try made.withLock { made in
      let content = try made ?? make()
      made = content
      return content
    }
    guard FileManager.default.createFile(atPath: path, contents: content, attributes: [.posixPermissions: 0o600])
    else { throw TestFault("no store could be put at \(path)") }
  }

  private static func make() throws -> Data {
    let folder = try TemporaryFolder()
    let path = folder.file("store.sqlite")
    do { _ = try Store(path: path, migrations: Machine.root.appending(path: "migrations").path) }
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { database in
      try database.execute(sql: "DELETE FROM key; DELETE FROM installation")
      try database.checkpoint(.truncate)
    }
    try queue.close()
    return try Data(contentsOf: URL(filePath: path))
  }
}
