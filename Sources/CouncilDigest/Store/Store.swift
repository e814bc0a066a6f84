import Foundation
import GRDB
import Synchronization

/// The database, the keys that sign mailed links, and the clock. One process at a time owns it.
public final class Store: Sendable {
  public let path: String
  public let clock: WallClock
  public let keys: KeyRing
  /// When this installation first started; it owes no digest for weeks before.
  public let installedAt: Date
  /// Who left, for a store that is restored from a backup.
  let departures: DepartureFile
  private let pool: DatabasePool
  private let group: CommitGroup
  private let lock: StoreLock
  private let counted = Atomic<Int>(0)
  /// How long groups of writes, and large ones, took to be durable.
  let commits: Histogram

  /// Takes the store at `path`, creating it when there is none, and applies the migrations in `migrations`.
  /// - Throws: `StoreProblem`, or the database's own error for a migration that fails.
  public convenience init(path: String, migrations: String, clock: WallClock = .system) throws {
    try self.init(path: path, migrations: migrations, clock: clock, isRestoring: false)
  }

  /// - Parameter isRestoring: whether it may be a backup, whose letters would leave again.
  init(path: String, migrations: String, clock: WallClock, isRestoring: Bool) throws {
    let folder = URL(filePath: path).deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw StoreProblem.unusable(
        path: folder.path,
        problem: "the folder can’t be made: \(error.localizedDescription)"
      )
    }
    lock = try StoreLock(besideStoreAt: path)
    // SQLite gives its WAL the mode of the database, so the mode is right before SQLite first sees the file.
    try Self.createPrivately(path)
    do {
      pool = try DatabasePool(path: path, configuration: Self.configuration)
      // The pool sets NORMAL when it turns WAL on, after its own preparation hook: a confirmed sign-up or a sent letter
      // must survive a power cut, so FULL is set on the writer once it is open.
      try pool.writeWithoutTransaction { database in
        try database.execute(sql: Self.writerSettings)
        try Self.dropStatistics(database)
      }
    } catch {
      throw StoreProblem.unusable(path: path, problem: (error as? DatabaseError)?.message ?? "\(error)")
    }
    commits = Histogram()
    group = CommitGroup(pool, commits)
    try Migrations(folder: migrations).apply(to: pool, path: path)
    if !isRestoring { try Self.requireNoBackup(pool, path) }
    let now = clock.now()
    (keys, installedAt) = try pool.write { database in
      (try KeyRing.load(database, now: now), try Self.installationStart(database, now: now))
    }
    departures = try DepartureFile(besideStoreAt: path, keys: keys)
    self.path = path
    self.clock = clock
  }

  private static func requireNoBackup(_ pool: DatabasePool, _ path: String) throws {
    guard try pool.read(StoreFile.contents).takenAt == nil else {
      let problem = "this is a backup, and letters that left since would leave again; move it away and: restore FILE"
      throw StoreProblem.unusable(path: path, problem: problem)
    }
  }

  /// Copies the store as it is at this moment, in steps; others read and write meanwhile. Blocks.
  func copyPages(into copy: DatabaseQueue) throws {
    // In one read, which keeps its view: a step that found another version would begin again from the first page.
    try pool.read { source in
      try copy.writeWithoutTransaction { destination in
        try source.backup(to: destination, pagesPerStep: Self.pagesPerStep) { _ in usleep(Self.pauseMicroseconds) }
      }
    }
  }

  /// A megabyte, and then others have the disk for a moment.
  private static let pagesPerStep: CInt = 256
  private static let pauseMicroseconds: UInt32 = 500

  /// A consistent view of the database, off the caller's thread.
  public func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    try await pool.read(body)
  }

  /// As `read`, for threads that may block.
  func readBlocking<Value>(_ body: (Database) throws -> Value) throws -> Value { try pool.read(body) }

  /// For one statement, which needs no transaction to be consistent.
  func readOnce<Value>(_ body: (Database) throws -> Value) throws -> Value { try pool.unsafeRead(body) }

  /// All or nothing, durable when this returns. Writes that come together share a commit, so a hundred people who sign
  /// up in one moment wait for one.
  public func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      group.add(
        CommitGroup.Write(
          run: { database in
            let value = try body(database)
            return { [self] in
              countCommit()
              continuation.resume(returning: value)
            }
          },
          fail: { continuation.resume(throwing: $0) }
        )
      )
    }
  }

  /// As `write`, for threads that may block: it shares the commit of others.
  func writeTogether<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) throws -> Value {
    let outcome = Outcome<Value>()
    group.add(
      CommitGroup.Write(
        run: { database in
          let value = try body(database)
          return { [self] in
            countCommit()
            outcome.settle(.success(value))
          }
        },
        fail: { outcome.settle(.failure($0)) }
      )
    )
    return try outcome.wait()
  }

  /// What a thread waits for.
  private final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let isSettled = DispatchSemaphore(value: 0)

    func settle(_ value: Result<Value, any Error>) {
      result.withLock { $0 = value }
      isSettled.signal()
    }

    func wait() throws -> Value {
      isSettled.wait()
      guard let value = result.withLock({ $0 }) else { preconditionFailure("it was settled before the signal") }
      return try value.get()
    }
  }

  /// In a transaction of its own, for threads that may block.
  public func writeBlocking<Value>(_ body: (Database) throws -> Value) throws -> Value {
    defer { countCommit() }
    return try commits.measure { try pool.write(body) }
  }

  /// As `writeBlocking`, for who keeps account of its own changes: `version` stays what it is.
  func writeUncounted<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try commits.measure { try pool.write(body) }
  }

  /// Another one after each commit, before its writer hears of it: what was read at a version is still so while it is
  /// the same.
  var version: Int { counted.load(ordering: .acquiring) }

  private func countCommit() { counted.add(1, ordering: .acquiringAndReleasing) }

  /// Brings the write-ahead log into the file and empties it, so that what was deleted is not in the log either. When
  /// somebody reads just now it stays, and the next call gets it.
  /// - Returns: whether it is empty.
  @discardableResult
  func emptyLog() async throws -> Bool {
    try await pool.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA busy_timeout = 0")
      defer { try? database.execute(sql: "PRAGMA busy_timeout = 5000") }
      do {
        try database.checkpoint(.truncate)
        return true
      } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
        return false
      }
    }
  }

  public func now() -> Date { clock.now() }

  /// Brings everything into the one file. Nothing may be asked of the store afterwards.
  func finish() throws {
    // The last connection that is closed may be one that only reads, and that brings nothing over.
    _ = try pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
    try pool.close()
  }

  static func createPrivately(_ path: String) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw StoreProblem.unusable(path: path, problem: String(cString: strerror(errno))) }
    close(descriptor)
  }

  /// Statements are written for the plans that SQLite makes without statistics. Those of a small store, which some tool
  /// left in the file, would have it walk through all letters for each that leaves.
  private static func dropStatistics(_ database: Database) throws {
    let tables = try String.fetchAll(
      database,
      sql: "SELECT name FROM sqlite_master WHERE name LIKE 'sqlite\\_stat_' ESCAPE '\\'"
    )
    guard !tables.isEmpty else { return }
    for table in tables { try database.execute(sql: "DROP TABLE \(table)") }
    // What was read of them is forgotten, too.
    try database.execute(sql: "PRAGMA writable_schema = RESET")
  }

  private static func installationStart(_ database: Database, now: Date) throws -> Date {
    try database.execute(
      sql: "INSERT INTO installation (id, started_at) VALUES (1, ?) ON CONFLICT DO NOTHING",
      arguments: [now.milliseconds]
    )
    let started = try Int64.fetchOne(database, sql: "SELECT started_at FROM installation WHERE id = 1")
    return started.map(Date.init(milliseconds:)) ?? now
  }

  /// With SQLite's 2 MB of cache a group of sign-ups into a large store writes its index pages to disk several times over;
  /// with more it writes each once, at the commit. Pages go back from the WAL to the database every 16 MB.
  /// What is deleted is overwritten: somebody who was erased is not in the file any more.
  private static let writerSettings = """
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;
    PRAGMA cache_size = -16384;
    PRAGMA wal_autocheckpoint = 4096;
    PRAGMA journal_size_limit = 67108864;
    """

  private static var configuration: GRDB.Configuration {
    var configuration = fileConfiguration
    configuration.busyMode = .timeout(5)
    configuration.maximumReaderCount = 4
    return configuration
  }

  /// Of a connection that reads. SQLite's 2 MB hold less than a search of a large archive looks at.
  private static let cacheKilobytes = 4_096

  /// What it takes to read a file of ours.
  static var fileConfiguration: GRDB.Configuration {
    var configuration = GRDB.Configuration()
    configuration.foreignKeysEnabled = true
    configuration.prepareDatabase { database in
      database.add(tokenizer: WordTokenizer.self)
      try database.execute(sql: "PRAGMA trusted_schema = OFF")
      try database.execute(sql: "PRAGMA cache_size = -\(cacheKilobytes)")
    }
    return configuration
  }
}
