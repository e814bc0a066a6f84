import Foundation
import GRDB

/// The SQL files `0001_name.sql`, `0002_…` of one folder, applied once each, in order, forward only.
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
    try migrator.migrate(pool)
  }
}
