import Crypto
import Foundation
import GRDB

/// The SQL files `0001_name.sql`, `0002_…` of one folder, applied once each, in order, forward only. The hash of each is
/// kept: one that was edited after it was applied would leave stores that differ.
struct Migrations {
  private let files: [(name: String, sql: String)]

  init(folder: String) throws {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".sql") }.sorted()
    } catch {
      throw StoreProblem.unusable(path: folder, problem: "the migrations can't be read")
    }
    guard !names.isEmpty else { throw StoreProblem.unusable(path: folder, problem: "there are no migrations in it") }
    files = try names.map { name in
      let url = URL(filePath: folder).appending(path: name)
      return (String(name.dropLast(4)), try String(contentsOf: url, encoding: .utf8))
    }
  }

  func apply(to pool: DatabasePool, path: String) throws {
    var migrator = DatabaseMigrator()
    for file in files {
      migrator.registerMigration(file.name) { database in
        do {
          try database.execute(sql: file.sql)
        } catch let error as DatabaseError {
          throw StoreProblem.unusable(path: path, problem: "migration \(file.name): \(error.message ?? "failed")")
        }
      }
    }
    guard try pool.read({ try !migrator.hasBeenSuperseded($0) }) else {
      throw StoreProblem.newerThanThisProgram(path: path)
    }
    try checkHashes(pool, path: path)
    try migrator.migrate(pool)
    try keepHashes(pool)
  }

  /// - Throws: `StoreProblem.changedMigration`.
  private func checkHashes(_ pool: DatabasePool, path: String) throws {
    let known = try pool.read { database -> [String: Data] in
      guard try database.tableExists(Self.table) else { return [:] }
      let rows = try Row.fetchAll(database, sql: "SELECT name, sha256 FROM \(Self.table)")
      return Dictionary(rows.map { ($0["name"], $0["sha256"]) }) { $1 }
    }
    for file in files {
      guard let hash = known[file.name], hash != Self.hash(file.sql) else { continue }
      throw StoreProblem.changedMigration(path: path, migration: file.name)
    }
  }

  private func keepHashes(_ pool: DatabasePool) throws {
    let known = try pool.read { database in
      try database.tableExists(Self.table)
        ? try Int.fetchOne(database, sql: "SELECT count(*) FROM \(Self.table)") ?? 0 : -1
    }
    guard known < files.count else { return }
    try pool.write { database in
      try database.execute(
        sql: "CREATE TABLE IF NOT EXISTS \(Self.table) (name TEXT PRIMARY KEY, sha256 BLOB NOT NULL) STRICT"
      )
      for file in files {
        try database.execute(
          sql: "INSERT INTO \(Self.table) (name, sha256) VALUES (?, ?) ON CONFLICT DO NOTHING",
          arguments: [file.name, Self.hash(file.sql)]
        )
      }
    }
  }

  /// Beside GRDB's own list of what was applied.
  private static let table = "migration_hash"

  private static func hash(_ sql: String) -> Data { Data(SHA256.hash(data: Data(sql.utf8))) }
}
