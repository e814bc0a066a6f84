import Foundation
import TestSupport

@testable import CouncilDigest

extension Store {
  /// As a program of before the migration that begins with `number` left it.
  static func older(before number: String, in folder: TemporaryFolder) throws -> Store {
    let migrations = Machine.root.appending(path: "migrations")
    let older = folder.url.appending(path: "older-\(number)")
    try FileManager.default.createDirectory(at: older, withIntermediateDirectories: true)
    for name in try FileManager.default.contentsOfDirectory(atPath: migrations.path) where name < number {
      try FileManager.default.copyItem(at: migrations.appending(path: name), to: older.appending(path: name))
    }
    return try Store(path: folder.file("s.sqlite"), migrations: older.path)
  }
}
