import Foundation
import GRDB

/// A copy of a store in one file: made whole beside its place, checked, then moved there.
enum StoreFile {
  /// What stands in it, counted.
  struct Contents: Equatable, Sendable {
    var councils: Int
    var meetings: Int
    var subscribers: Int
    /// When the copy was taken; nil of a store that was in use.
    var takenAt: Date?
  }

  private static let firstBytes = Array("SQLite format 3\u{0}".utf8)

  /// By its first bytes.
  /// - Throws: `StoreProblem` when it can't be read.
  static func isDatabase(_ path: String) throws -> Bool {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      let isThere = FileManager.default.fileExists(atPath: path)
      throw StoreProblem.unusable(path: path, problem: isThere ? "it can’t be read" : "there is no such file")
    }
    return try handle.read(upToCount: firstBytes.count).map(Array.init) == firstBytes
  }

  /// Reads all of it.
  /// - Throws: `StoreProblem` that says what is wrong.
  static func verify(_ path: String) throws -> Contents {
    func unusable(_ problem: String) -> StoreProblem { .unusable(path: path, problem: problem) }
    guard try isDatabase(path) else { throw unusable("this is not a backup of council-digest") }
    do {
      var configuration = Store.fileConfiguration
      configuration.readonly = true
      return try DatabaseQueue(path: path, configuration: configuration).read { database in
        let problems = try String.fetchAll(database, sql: "PRAGMA integrity_check(10)")
        guard problems == ["ok"] else { throw unusable("it is damaged: \(problems.joined(separator: "; "))") }
        guard try database.tableExists("subscriber"), try database.tableExists("key") else {
          throw unusable("this is not a backup of council-digest")
        }
        guard try Row.fetchOne(database, sql: "PRAGMA foreign_key_check") == nil else {
          throw unusable("it is damaged: rows are missing")
        }
        return try contents(database)
      }
    } catch let error as DatabaseError {
      throw unusable("it can’t be read: \(error.message ?? "\(error.resultCode)")")
    }
  }

  static func contents(_ database: Database) throws -> Contents {
    func count(_ table: String) throws -> Int { try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? 0 }
    let isOlder = try !database.columns(in: "installation").contains { $0.name == "backed_up_at" }
    let takenAt = isOlder ? nil : try Int64.fetchOne(database, sql: "SELECT backed_up_at FROM installation")
    return Contents(
      councils: try count("council"),
      meetings: try count("meeting"),
      subscribers: try count("subscriber"),
      takenAt: takenAt.map(Date.init(milliseconds:))
    )
  }

  static func writePrivately(_ text: String, to path: String) throws {
    unlink(path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw refused(path) }
    do {
      let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
      try handle.write(contentsOf: Data(text.utf8))
    } catch {
      throw refused(path)
    }
  }

  /// Durable at its place when this returns.
  static func move(_ path: String, to place: String) throws {
    try sync(path)
    guard rename(path, place) == 0 else { throw refused(place) }
    try sync(URL(filePath: place).deletingLastPathComponent().path)
  }

  private static func sync(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw refused(path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw refused(path) }
  }

  private static func refused(_ path: String) -> StoreProblem {
    .refusesWrites(path: path, problem: String(cString: strerror(errno)))
  }

  /// With what SQLite and we keep beside it.
  static func remove(_ path: String) {
    for suffix in ["", "-wal", "-shm", "-journal", ".lock", "-left"] { unlink(path + suffix) }
  }
}
