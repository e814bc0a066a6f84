import Foundation
import GRDB
import TestSupport
import Testing

@testable import CouncilDigest

@Suite struct StoreTests {
  private func store(_ folder: TemporaryFolder, clock: TestClock? = nil) throws -> Store {
    try Store(
      path: folder.file("store.sqlite"),
      migrations: Machine.root.appending(path: "migrations").path,
      clock: clock?.wall ?? .system
    )
  }

  @Test func `a store is owned by one opener at a time, durable and with foreign keys`() async throws {
    let folder = try TemporaryFolder()
    do {
      let store = try store(folder)
      #expect(throws: StoreProblem.inUse(path: folder.file("store.sqlite"))) { try self.store(folder) }
      let settings = try await store.write { database in
        try (
          Int.fetchOne(database, sql: "PRAGMA synchronous"), Int.fetchOne(database, sql: "PRAGMA foreign_keys"),
          String.fetchOne(database, sql: "PRAGMA journal_mode")
        )
      }
      #expect(settings == (2, 1, "wal"))
    }
    // The thread that committed may let go of it a moment later.
    _ = try await eventually("the next may have it") { try? self.store(folder) }
  }

  @Test func `keys and the start of the installation survive`() throws {
    let folder = try TemporaryFolder()
    let clock = try TestClock("2026-11-23T12:00:00Z")
    let link = MailedLink(purpose: .unsubscribe, row: 7)
    let token: String
    do {
      let store = try store(folder, clock: clock)
      token = link.token(store.keys, key: store.keys.current)
    }
    clock.move(by: 86_400 * 4_000)
    let store = try store(folder, clock: clock)
    #expect(MailedLink.read(token, for: .unsubscribe, store.keys, now: clock.now) == .valid(row: 7))
    #expect(store.installedAt == (try Date("2026-11-23T12:00:00Z", strategy: .iso8601)))
  }

  @Test func `writes that come together are each all or nothing`() async throws {
    struct Failure: Error {}
    let folder = try TemporaryFolder()
    let store = try store(folder)
    try await store.write { try $0.execute(sql: "CREATE TABLE note (number INTEGER PRIMARY KEY)") }
    let outcomes = await withTaskGroup(of: Bool.self) { group in
      for number in 1...300 {
        group.addTask {
          let written = try? await store.write { database in
            if number % 3 == 0 { throw Failure() }
            try database.execute(sql: "INSERT INTO note VALUES (?)", arguments: [number])
            // After it has written: what it wrote must go, and only that.
            if number % 7 == 0 { throw Failure() }
            return true
          }
          return written == (number % 3 == 0 || number % 7 == 0 ? nil : true)
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.count == 300 && outcomes.allSatisfy { $0 })
    let kept = try await store.read { try Int.fetchAll($0, sql: "SELECT number FROM note ORDER BY number") }
    #expect(kept == (1...300).filter { $0 % 3 != 0 && $0 % 7 != 0 })
  }

  @Test func `when the disk is full every write of the group hears so, and the next ones are taken again`() async throws
  {
    let folder = try TemporaryFolder()
    let store = try store(folder)
    try await store.write { try $0.execute(sql: "CREATE TABLE blob (content BLOB)") }
    try await store.write { database in
      let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
      try database.execute(sql: "PRAGMA max_page_count = \(pages + 8)")
    }
    let failures = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<20 {
        group.addTask {
          do {
            try await store.write { try $0.execute(sql: "INSERT INTO blob VALUES (randomblob(8000))") }
            return 0
          } catch {
            return 1
          }
        }
      }
      return await group.reduce(0, +)
    }
    let kept = try await store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM blob") }
    #expect(failures > 0 && kept == 20 - failures)
    try await store.write { try $0.execute(sql: "PRAGMA max_page_count = 100000") }
    try await store.write { try $0.execute(sql: "INSERT INTO blob VALUES (x'00')") }
    #expect(try await store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM blob") } == kept.map { $0 + 1 })
  }

  @Test func `while another program holds the store, writes are refused and do not wait for ever`() async throws {
    let folder = try TemporaryFolder()
    let store = try store(folder)
    var configuration = GRDB.Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: folder.file("store.sqlite"), configuration: configuration)
    try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
    await #expect(throws: DatabaseError.self) { try await store.write { try $0.execute(sql: "DELETE FROM feedback") } }
    try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
    try await store.write { try $0.execute(sql: "DELETE FROM feedback") }
  }

  @Test func `a write that only the commit refuses undoes no other`() async throws {
    let folder = try TemporaryFolder()
    let store = try store(folder)
    try await store.write { database in
      try database.execute(sql: "CREATE TABLE parent (id INTEGER PRIMARY KEY)")
      try database.execute(
        sql: "CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"
      )
    }
    let failures = await withTaskGroup(of: Int.self) { group in
      for number in 1...20 {
        group.addTask {
          let sql = number == 7 ? "INSERT INTO child VALUES (99)" : "INSERT INTO parent VALUES (\(number))"
          return (try? await store.write { try $0.execute(sql: sql) }) == nil ? number : 0
        }
      }
      return await group.reduce(into: Set<Int>()) { $0.insert($1) }
    }
    #expect(failures == [0, 7])
    #expect(try await store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM parent") } == 19)
  }

  @Test func `statistics that a tool left in the file are dropped`() throws {
    let folder = try TemporaryFolder()
    do { try store(folder).writeBlocking { try $0.execute(sql: "ANALYZE") } }
    let store = try store(folder)
    let tables = try store.readBlocking {
      try String.fetchAll($0, sql: "SELECT name FROM sqlite_master WHERE name GLOB 'sqlite_stat*'")
    }
    #expect(tables == [])
    let plan = try store.writeBlocking { database in
      try Row.fetchAll(
        database,
        sql: """
          EXPLAIN QUERY PLAN UPDATE subscriber SET window_start = 1 FROM json_each('{}') AS start
          WHERE subscriber.id = CAST(start.key AS INTEGER)
          """
      ).map { $0["detail"] as String }
    }
    #expect(plan.last?.contains("INTEGER PRIMARY KEY") == true, "\(plan)")
  }

  @Test func `migrations that are missing or newer are named`() throws {
    let folder = try TemporaryFolder()
    #expect(throws: StoreProblem.self) {
      try Store(path: folder.file("a.sqlite"), migrations: folder.file("none"))
    }
    do {
      let store = try store(folder)
      try store.writeBlocking { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('9999_future')") }
    }
    #expect(throws: StoreProblem.newerThanThisProgram(path: folder.file("store.sqlite"))) { try store(folder) }
  }
}

@Suite struct EncodingTests {
  /// RFC 4648 §10, in lower case and without padding; addresses in letters that left long ago hold such signatures.
  @Test(arguments: [
    ("", ""), ("f", "my"), ("fo", "mzxq"), ("foo", "mzxw6"), ("foob", "mzxw6yq"), ("fooba", "mzxw6ytb"),
    ("foobar", "mzxw6ytboi"),
  ])
  func `base 32 is that of the RFC`(_ text: String, _ encoded: String) {
    #expect(Base32.encode(Array(text.utf8)) == encoded)
  }
}

@Suite struct MailedLinkTests {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)

  private func keys(_ folder: TemporaryFolder) throws -> KeyRing {
    try Store(path: folder.file("s.sqlite"), migrations: Machine.root.appending(path: "migrations").path).keys
  }

  @Test func `a link works for its purpose and row, until it expires`() throws {
    let keys = try keys(try TemporaryFolder())
    let token = MailedLink(purpose: .confirmSubscription, row: 1_234_567, expires: now).token(keys, key: keys.current)
    #expect(token.utf8.allSatisfy { $0 < 0x80 } && token.count < 64)
    #expect(
      MailedLink.read(token, for: .confirmSubscription, keys, now: now.addingTimeInterval(-1)) == .valid(row: 1_234_567)
    )
    #expect(MailedLink.read(token, for: .confirmSubscription, keys, now: now) == .expired(row: 1_234_567))
    #expect(MailedLink.read(token, for: .unsubscribe, keys, now: now.addingTimeInterval(-1)) == .unknown)
  }

  @Test func `no changed token is taken`() throws {
    let keys = try keys(try TemporaryFolder())
    let token = MailedLink(purpose: .unsubscribe, row: 1).token(keys, key: keys.current)
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    for index in token.indices {
      for letter in alphabet where letter != token[index] {
        var changed = token
        changed.replaceSubrange(index...index, with: String(letter))
        #expect(MailedLink.read(changed, for: .unsubscribe, keys, now: now) == .unknown)
      }
    }
    for text in ["", "A", token + "A", String(token.dropLast()), "+/", String(repeating: "A", count: 600)] {
      #expect(MailedLink.read(text, for: .unsubscribe, keys, now: now) == .unknown)
    }
  }
}
