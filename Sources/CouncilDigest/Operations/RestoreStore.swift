import Foundation
import GRDB

/// Puts a backup in the place of a store that is not there, or has nothing in it yet. Nobody knows what was mailed since
/// the backup, so digests are held until an operator chooses; who left or was erased since is gone here, too, as far as the
/// file that remembers them is at hand.
public struct RestoreStore: Sendable {
  public let storePath: String
  public let migrations: String
  public var clock = WallClock.system

  public init(storePath: String, migrations: String, clock: WallClock = .system) {
    self.storePath = storePath
    self.migrations = migrations
    self.clock = clock
  }

  public struct Report: Equatable, Encodable, Sendable {
    public var councils: Int
    public var meetings: Int
    public var subscribers: Int
    /// When the backup was taken.
    public var takenAt: Date?
    /// Who is gone because they had gone since.
    public var left: Int
    public var erased: Int
    /// The file that remembers them; nil when there was none.
    public var departures: String?
    /// By name: those that were revoked since the backup work again, until somebody revokes them once more.
    public var apiKeys: [String]
  }

  /// - Parameter departures: the file that remembers who left; by default the one beside the store.
  /// - Throws: `StoreProblem` that says what is in the way. Until all is well nothing is changed.
  public func callAsFunction(_ file: String, departures: String? = nil) throws -> Report {
    let beside = DepartureFile.path(besideStoreAt: storePath)
    let remembered = [departures, FileManager.default.fileExists(atPath: beside) ? beside : nil].compactMap(\.self)
    let gone = try remembered.map(DepartureFile.readNamed).reduce(into: [:]) { gone, entries in
      gone.merge(entries) { $0.at > $1.at ? $0 : $1 }
    }
    let folder = URL(filePath: storePath).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // Held to the end: no service starts meanwhile.
    let lock = try StoreLock(besideStoreAt: storePath)
    return try withExtendedLifetime(lock) {
      try requireEmpty()
      let contents = try StoreFile.verify(file)
      let copy = storePath + ".restoring"
      StoreFile.remove(copy)
      defer { StoreFile.remove(copy) }
      var report = try prepare(file, as: copy, contents, gone)
      report.departures = remembered.first
      try putAside(besides: folder)
      try StoreFile.move(copy, to: storePath)
      try keep(remembered, at: beside)
      return report
    }
  }

  /// A store that a first start made has nothing to lose.
  private func requireEmpty() throws {
    let attributes = try? FileManager.default.attributesOfItem(atPath: storePath)
    guard let size = attributes?[.size] as? Int, size > 0 else { return }
    var configuration = Store.fileConfiguration
    configuration.readonly = true
    do {
      let found = try DatabaseQueue(path: storePath, configuration: configuration).read { database in
        try ["council", "topic", "subscriber", "api_key", "feedback", "topic_request"].filter { table in
          guard try database.tableExists(table) else { return false }
          return try Row.fetchOne(database, sql: "SELECT 1 FROM \(table)") != nil
        }
      }
      guard found.isEmpty else { throw notEmpty }
    } catch is DatabaseError {
      throw notEmpty
    }
  }

  private var notEmpty: StoreProblem {
    .unusable(
      path: storePath,
      problem: "there is something in this store; move it away before a backup takes its place"
    )
  }

  /// Everything that must be so before the copy is the store: it is of this version, held, and without those who left.
  private func prepare(
    _ file: String,
    as copy: String,
    _ contents: StoreFile.Contents,
    _ gone: [String: DepartureFile.Entry]
  ) throws -> Report {
    do {
      try FileManager.default.copyItem(atPath: file, toPath: copy)
    } catch {
      throw StoreProblem.refusesWrites(path: copy, problem: error.localizedDescription)
    }
    guard chmod(copy, 0o600) == 0 else {
      throw StoreProblem.refusesWrites(path: copy, problem: String(cString: strerror(errno)))
    }
    let now = clock.now()
    let store = try Store(path: copy, migrations: migrations, clock: clock, isRestoring: true)
    let taken = contents.takenAt.map { "taken \(RFC3339.format($0))" } ?? "of unknown age"
    let (left, erased) = try store.writeBlocking { database in
      try Hold.place("Restored from \(URL(filePath: file).lastPathComponent), \(taken)", now: now, database)
      try database.execute(sql: "UPDATE installation SET backed_up_at = NULL")
      try Self.leaveRoom(now: now, database)
      try Self.signOut(database)
      return try Departed(gone, keys: store.keys).go(database)
    }
    let apiKeys = try store.readBlocking { database in
      try String.fetchAll(database, sql: "SELECT name FROM api_key WHERE revoked_at IS NULL ORDER BY id")
    }
    try store.finish()
    return Report(
      councils: contents.councils,
      meetings: contents.meetings,
      subscribers: contents.subscribers,
      takenAt: contents.takenAt,
      left: left,
      erased: erased,
      apiKeys: apiKeys
    )
  }

  /// Who signed out since, or was signed out by a revoked key, must not be in again.
  private static func signOut(_ database: Database) throws {
    for table in ["session", "sign_in", "console_session"] { try database.execute(sql: "DELETE FROM \(table)") }
  }

  private static let room = 1_000_000

  /// Rows that were made since the backup are in letters that people have. What comes now must not take their numbers: a
  /// link would act on somebody else, and letters would have the Message-ID and the return address of others.
  private static func leaveRoom(now: Date, _ database: Database) throws {
    try KeyRing.add(database, now: now)
    // A table that had no row yet has no line.
    try database.execute(
      sql: """
        INSERT INTO sqlite_sequence (name, seq) SELECT name, 0 FROM sqlite_schema
        WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'
          AND name NOT IN (SELECT name FROM sqlite_sequence)
        """
    )
    try database.execute(sql: "UPDATE sqlite_sequence SET seq = seq + ?", arguments: [room])
  }

  /// A log of a store that was moved away without it would be taken for one of the store that comes.
  private func putAside(besides folder: URL) throws {
    let stamp = Int(clock.now().timeIntervalSince1970)
    for suffix in ["-wal", "-shm", "-journal"] where FileManager.default.fileExists(atPath: storePath + suffix) {
      guard rename(storePath + suffix, "\(storePath)\(suffix).before-\(stamp)") == 0 else {
        throw StoreProblem.refusesWrites(path: storePath + suffix, problem: String(cString: strerror(errno)))
      }
    }
  }

  /// What was remembered elsewhere is remembered here from now on.
  private func keep(_ remembered: [String], at place: String) throws {
    guard remembered.contains(where: { $0 != place }) else { return }
    let texts = try remembered.map { try String(contentsOfFile: $0, encoding: .utf8) }
    try DepartureFile.write(texts, to: place)
  }
}
