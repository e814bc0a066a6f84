import Foundation
import GRDB
import Mail
import TestSupport
import Testing

@testable import CouncilDigest

/// A backup, the loss of the store, and what comes back.
@Suite struct RestoreTests {
  private func restore(_ chain: Chain, _ file: String, to path: String, left: String? = nil) throws
    -> RestoreStore.Report
  {
    let migrations = Machine.root.appending(path: "migrations").path
    return try RestoreStore(storePath: path, migrations: migrations, clock: chain.clock.wall)(file, departures: left)
  }

  private func leave(_ chain: Chain, _ address: String) async throws {
    let subscriber = try await chain.services.store.read { try Subscriber.find(.init(parsing: address), $0) }
    let link = MailedLink(purpose: .unsubscribe, row: try #require(subscriber).id)
    let token = link.token(chain.services.store.keys, key: chain.services.store.keys.current)
    let answer = await chain.services.application.respond(
      to: .init(method: .post, path: "/unsubscribe/\(token)", peer: .unixSocket)
    )
    #expect(answer.status == .ok)
  }

  @Test func `a drill: after a loss in the middle of a run everyone who stayed gets their letter once`() async throws {
    let chain = try await Chain("2026-11-28T07:00:00Z")
    for number in 0..<12 { try await chain.subscribe("r\(number)@example.org") }
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    await chain.services.scheduler.work()
    // Some have theirs, one of them only in the journal.
    var sent: [String] = []
    for _ in 0..<5 {
      let job = try #require(try chain.services.queue.take())
      sent.append(job.mail.recipient)
      #expect(chain.services.queue.report(.sent, of: job.mail).wait())
    }
    let backup = try await chain.services.backUp(to: chain.folder.file("copy/b.sqlite"))
    #expect(backup.contents.subscribers == 12 && backup.bytes > 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: chain.folder.file("copy")) == ["b.sqlite"])
    // Since then one who has their letter leaves, and one who has not.
    let leavers = [sent[0], try #require((0..<12).map { "r\($0)@example.org" }.first { !sent.contains($0) })]
    for leaver in leavers { try await leave(chain, leaver) }

    let elsewhere = try TemporaryFolder()
    let path = elsewhere.file("s.sqlite")
    let report = try restore(chain, backup.path, to: path, left: chain.folder.file("s.sqlite-left"))
    #expect(report.subscribers == 12 && report.left == 2 && report.erased == 0 && report.takenAt == chain.clock.now)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: elsewhere.path).sorted() == [
        "s.sqlite", "s.sqlite-left", "s.sqlite.lock",
      ]
    )

    let second = try await Chain("2026-11-28T09:00:00Z", ["store.path": path])
    let (before, now) = (chain.services.store.keys, second.services.store.keys)
    #expect(now.current > before.current, "what is mailed now is told from what was mailed since the backup")
    let link = MailedLink(purpose: .unsubscribe, row: 1).token(before, key: before.current)
    #expect(MailedLink.read(link, for: .unsubscribe, now, now: chain.clock.now) == .valid(row: 1))
    try await second.publish("new")
    let revision = try await second.services.store.read {
      try Int.fetchOne($0, sql: "SELECT max(id) FROM meeting_revision")
    }
    #expect((revision ?? 0) > 1_000_000)
    #expect(try await second.work().isEmpty, "nothing leaves before somebody says so")
    let plan = await second.services.application.respond(
      to: .init(method: .get, path: "/api/v1/hold", peer: .unixSocket)
    )
    let hold = try #require(try JSONSerialization.jsonObject(with: Data(plan.body)) as? [String: Any])
    #expect(hold["held"] as? Bool == true && hold["waiting_letters"] as? Int == 6)
    #expect((hold["reason"] as? String)?.hasPrefix("Restored from b.sqlite, taken 2026-11-28T08:00:00Z") == true)
    try await ReleaseHold(store: second.services.store)(.resend)
    let rest = try await second.work()
    #expect(Set(rest.keys).union(sent).union(leavers).count == 12)
    #expect(rest.count == 6 && Set(rest.keys).isDisjoint(with: sent) && Set(rest.keys).isDisjoint(with: leavers))
    #expect(try await second.work().isEmpty)
  }

  @Test func `a backup is whole while others write, and is the store at one moment`() async throws {
    let chain = try await Chain("2026-11-28T07:00:00Z")
    try await chain.services.store.write { database in
      try database.execute(sql: "CREATE TABLE pair (id INTEGER PRIMARY KEY, content BLOB)")
      try database.execute(sql: "CREATE TABLE twin (id INTEGER PRIMARY KEY, content BLOB)")
      for _ in 0..<400 {
        for table in ["pair", "twin"] {
          try database.execute(sql: "INSERT INTO \(table) (content) VALUES (randomblob(8000))")
        }
      }
    }
    let store = chain.services.store
    let writer = Task {
      var written = 0
      while !Task.isCancelled {
        try await store.write { database in
          for table in ["pair", "twin"] {
            try database.execute(sql: "INSERT INTO \(table) (content) VALUES (randomblob(4000))")
          }
        }
        written += 1
      }
      return written
    }
    for number in 0..<3 {
      let backup = try await chain.services.backUp(to: chain.folder.file("b\(number).sqlite"))
      let counts = try await DatabaseQueue(path: backup.path).read { database in
        try ["pair", "twin"].map { try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)") }
      }
      #expect(counts[0] == counts[1] && (counts[0] ?? 0) >= 400)
    }
    writer.cancel()
    #expect(try await writer.value > 0)
  }

  @Test func `who came back stays, and who was erased is gone with everything that names them`() async throws {
    let chain = try await Chain("2026-11-20T07:00:00Z")
    for name in ["back", "gone", "stay", "early"] { try await chain.subscribe("\(name)@example.org") }
    let departures = chain.services.store.departures
    try await departures.append(
      .left,
      .init(address: "early@example.org", ids: []),
      at: chain.clock.now.addingTimeInterval(-60)
    )
    try await chain.services.store.write { database in
      try database.execute(
        sql:
          "INSERT INTO feedback (kind, message, email, state, created_at) VALUES ('comment', 'm', 'GONE@example.org', 'open', 1)"
      )
    }
    // Somebody who was erased signed up anew, and has not confirmed.
    try await departures.append(.erased, .init(address: "new@example.org", ids: []), at: chain.clock.now - 60)
    let signedUp = chain.clock.now
    try await chain.services.store.write {
      _ = try Subscriber.findOrInsert(try EmailAddress(parsing: "new@example.org"), now: signedUp, $0)
    }
    let backup = try await chain.services.backUp(to: chain.folder.file("b.sqlite"))
    chain.clock.move(by: 60)
    try await leave(chain, "back@example.org")
    try await departures.append(.returned, .init(address: "back@example.org", ids: []), at: chain.clock.now)
    try await departures.append(.erased, .init(address: "Gone@example.org", ids: []), at: chain.clock.now)
    let path = chain.folder.file("new.sqlite")
    // Cut by a power failure.
    let handle = try #require(FileHandle(forWritingAtPath: chain.folder.file("s.sqlite-left")))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("\nleft 17".utf8))
    try await departures.append(.left, .init(address: "stay@elsewhere.example", ids: []), at: chain.clock.now)
    let report = try restore(chain, backup.path, to: path, left: chain.folder.file("s.sqlite-left"))
    #expect(report.left == 0 && report.erased == 1)
    let bytes = try Data(contentsOf: URL(filePath: path))
    #expect(bytes.range(of: Data("back@example.org".utf8)) != nil)
    let store = try Store(path: path, migrations: Machine.root.appending(path: "migrations").path)
    let active = try await store.read { database in
      try String.fetchAll(database, sql: "SELECT email FROM subscriber WHERE state = 'active' ORDER BY email")
    }
    #expect(active == ["back@example.org", "early@example.org", "stay@example.org"])
    #expect(bytes.range(of: Data("new@example.org".utf8)) != nil)
    #expect(try await store.read { try String.fetchOne($0, sql: "SELECT email FROM feedback") } == nil)
  }

  @Test func `a backup that is copied into place is refused, and nobody is signed in after a restore`() async throws {
    let chain = try await Chain("2026-11-28T07:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await chain.services.store.write { database in
      try database.execute(
        sql: "INSERT INTO session (hash, subscriber_id, created_at, expires_at) VALUES (x'01', 1, 0, 9e15)"
      )
    }
    let backup = try await chain.services.backUp(to: chain.folder.file("b.sqlite"))
    let elsewhere = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: backup.path, toPath: elsewhere.file("copied.sqlite"))
    await #expect(throws: StoreProblem.self) {
      _ = try await Chain("2026-11-28T09:00:00Z", ["store.path": elsewhere.file("copied.sqlite")])
    }
    _ = try restore(chain, backup.path, to: elsewhere.file("s.sqlite"))
    let second = try await Chain("2026-11-28T09:00:00Z", ["store.path": elsewhere.file("s.sqlite")])
    let (sessions, links) = try await second.services.store.read { database in
      (
        try Int.fetchOne(database, sql: "SELECT count(*) FROM session"),
        try Int.fetchOne(database, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'sign_in'")
      )
    }
    #expect(sessions == 0 && links == 1_000_000, "no link that was mailed since acts on another's row")
  }

  @Test(arguments: [true, false])
  func `who went after a change of address stays gone`(_ isErased: Bool) async throws {
    let chain = try await Chain("2026-11-20T07:00:00Z")
    for name in ["ann", "bob"] { try await chain.subscribe("\(name)@old.example") }
    let backup = try await chain.services.backUp(to: chain.folder.file("b.sqlite"))
    chain.clock.move(by: 60)
    try await chain.move(1, to: "ann@new.example")
    if isErased {
      #expect(try await EraseSubscriber(store: chain.services.store)(1))
    } else {
      try await leave(chain, "ann@new.example")
    }
    let path = chain.folder.file("new.sqlite")
    let report = try restore(chain, backup.path, to: path, left: chain.folder.file("s.sqlite-left"))
    #expect(report.left == (isErased ? 0 : 1) && report.erased == (isErased ? 1 : 0))
    let store = try Store(path: path, migrations: Machine.root.appending(path: "migrations").path)
    let active = try await store.read { database in
      try String.fetchAll(database, sql: "SELECT email FROM subscriber WHERE state = 'active'")
    }
    #expect(active == ["bob@old.example"])
  }

  @Test func `who complained since is not written to, and may come back`() async throws {
    let chain = try await Chain("2026-11-20T07:00:00Z")
    try await chain.subscribe("ann@example.org")
    let backup = try await chain.services.backUp(to: chain.folder.file("b.sqlite"))
    chain.clock.move(by: 60)
    let report = BounceReport(kind: .complaint, status: nil, recipient: "ann@example.org", diagnostic: "")
    let receiveBounce = chain.services.receiveBounce
    _ = try await receiveBounce.record([(report, (.init(subscriber: 1), .operator))])
    let left = chain.folder.file("s.sqlite-left")
    let path = chain.folder.file("new.sqlite")
    #expect(try restore(chain, backup.path, to: path, left: left).left == 1)
    chain.clock.move(by: 60)
    let now = chain.clock.now
    let returning = try await chain.services.store.write { database in
      let consent = try Consent(scope: "test", source: "test").insert(of: 1, now: now, database)
      return try ConfirmSubscription.returning(consent, database)
    }
    #expect(returning?.ids == [1])
  }

  @Test func `confirming anew is remembered as coming back`() async throws {
    let chain = try await Chain("2026-11-20T07:00:00Z")
    try await chain.subscribe("ann@example.org")
    try await leave(chain, "ann@example.org")
    let now = chain.clock.now
    let consent = try await chain.services.store.write { database in
      let subscriber = try Subscriber.findOrInsert(.init(parsing: "ann@example.org"), now: now, database)
      let consent = try Consent(scope: "test", source: "test").insert(of: subscriber.id, now: now, database)
      for target in try SavePreferences.targets(["council:w"], database) {
        try target.follow(subscriber.id, consent: consent, database)
      }
      return consent
    }
    let keys = chain.services.store.keys
    let token = MailedLink(purpose: .confirmSubscription, row: consent).token(keys, key: keys.current)
    let answer = await chain.services.application.respond(
      to: .init(method: .post, path: "/confirm/\(token)", peer: .unixSocket)
    )
    #expect(answer.status == .ok)
    let entries = try DepartureFile.read(chain.folder.file("s.sqlite-left"))
    // By the address, and by the id.
    #expect(entries.count == 2 && entries.values.allSatisfy { $0.kind == .returned })
    let text = try String(contentsOfFile: chain.folder.file("s.sqlite-left"), encoding: .utf8)
    #expect(!text.contains("ann@"))
  }

  @Test func `a restore changes nothing when something is in its way, and says what`() async throws {
    let chain = try await Chain("2026-11-20T07:00:00Z")
    let backup = try await chain.services.backUp(to: chain.folder.file("b.sqlite"))
    #expect(throws: StoreProblem.inUse(path: chain.services.store.path)) {
      try restore(chain, backup.path, to: chain.services.store.path)
    }
    let other = chain.folder.file("other.sqlite")
    do {
      let store = try Store(path: other, migrations: Machine.root.appending(path: "migrations").path)
      try store.writeBlocking {
        try $0.execute(sql: "INSERT INTO council (slug, name, created_at, updated_at) VALUES ('x', 'X', 1, 1)")
      }
    }
    let problem = #expect(throws: StoreProblem.self) { try restore(chain, backup.path, to: other) }
    #expect(problem?.description.contains("there is something in this store") == true)
    var bytes = try Data(contentsOf: URL(filePath: backup.path))
    for (name, damage) in [("empty", 0), ("cut", bytes.count / 2), ("text", -1)] {
      let file = chain.folder.file(name)
      try (damage < 0 ? Data("hello, this is not a database".utf8) : bytes.prefix(damage)).write(
        to: URL(filePath: file)
      )
      #expect(throws: StoreProblem.self, "\(name)") { try restore(chain, file, to: chain.folder.file("n.sqlite")) }
    }
    bytes.replaceSubrange(20_000..<24_000, with: Data(repeating: 0xFF, count: 4_000))
    try bytes.write(to: URL(filePath: chain.folder.file("damaged")))
    #expect(throws: StoreProblem.self) {
      try restore(chain, chain.folder.file("damaged"), to: chain.folder.file("n.sqlite"))
    }
    #expect(throws: StoreProblem.self) {
      try restore(chain, chain.folder.file("none"), to: chain.folder.file("n.sqlite"))
    }
    #expect(throws: StoreProblem.self) {
      try restore(chain, backup.path, to: chain.folder.file("n.sqlite"), left: chain.folder.file("none"))
    }
    #expect(!FileManager.default.fileExists(atPath: chain.folder.file("n.sqlite")))
    // A store that a first start made is no hindrance.
    do {
      _ = try Store(
        path: chain.folder.file("fresh.sqlite"),
        migrations: Machine.root.appending(path: "migrations").path
      )
    }
    #expect(try restore(chain, backup.path, to: chain.folder.file("fresh.sqlite")).councils == 1)
  }
}
