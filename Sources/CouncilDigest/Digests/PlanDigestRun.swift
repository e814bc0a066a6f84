import Foundation
import GRDB
import ServiceLifecycle

/// Turns a run into editions and queued letters, in slices: between two of them sign-ups are written. A crash in the
/// middle is met by planning again, which finds each letter already there.
struct PlanDigestRun: Sendable {
  let store: Store
  let catchUpTopics: CatchUpTopics
  let mailsQuietWeeks: Bool
  let needsApproval: Bool
  let canary: Canary.Plan
  let notices: OperatorNotices
  /// Keeps the letters that wait for these readers where they are until `decided`; gives back those whose letters are
  /// on their way at this moment.
  let decide: @Sendable (Set<Int64>) -> Set<Int64>
  let decided: @Sendable (Set<Int64>) -> Void

  private static let sliceSize = 250
  private static let staleRetryPause: Duration = .milliseconds(100)
  /// Readers whose edition is remembered; with more different ones it is looked up again.
  private static let maximumRemembered = 50_000

  /// - Returns: for how long the writer was busy with the longest slice; sign-ups wait so long.
  func plan(_ run: DigestRun) async throws -> Duration {
    // A topic may have been changed, or an import be under way, just now.
    try await catchUpTopics()
    let start = try await store.read { try EditionPlan.start(end: run.to, $0) }
    let asked = try await MatchQueries.store(in: store, after: start, upTo: run.to).asked
    let (plan, readership) = try await store.read { [mailsQuietWeeks] database in
      let plan = try EditionPlan.load(week: run.week, end: run.to, mailsQuietWeeks: mailsQuietWeeks, database)
      return (plan, try Readership(plan, database))
    }
    let read: @Sendable (Int64) async throws -> Readers = { [store] after in
      try await store.read { database in
        let (entries, last) = try readership.slice(after: after, limit: Self.sliceSize, database)
        var own = try OwnQueryMatches.fetch(entries.ownQueries, database)
        // Who began to follow a query since it was asked.
        for entry in entries where !asked.isSuperset(of: [entry].ownQueries) {
          own.add(try MatchQueries.matches(of: entry.subscriber, after: start, upTo: run.to, database))
        }
        let hadOthers = try Self.othersWait(beside: run, database)
        return Readers(after: after, last: last, entries: entries, own: own, hadOthers: hadOthers)
      }
    }
    var editions: [EditionPlan.Reader: Edition] = [:]
    var longest: Duration = .zero
    var upcoming: Readers? = try await read(0)
    while let readers = upcoming {
      // A service that is stopping does not wait for a million letters: its next start goes on.
      guard !Task.isShuttingDownGracefully else { throw CancellationError() }
      // While these are composed and written.
      async let following = Self.following(readers, read)
      let plan = plan.with(readers.own)
      if editions.count > Self.maximumRemembered { editions = [:] }
      for reader in Set(readers.entries.map(\.reader)) where editions[reader] == nil {
        editions[reader] =
          try plan.content(for: reader).map { .new(try $0.encoded(), revisions: $0.itemRevisions) } ?? .nothing
      }
      guard let slice = try await write(readers, editions, run) else { return longest }
      longest = max(longest, slice.duration)
      editions.merge(slice.editions) { $1 }
      if slice.isStale {
        // Those already queued are found again and left alone.
        try await Task.sleep(for: Self.staleRetryPause)
        upcoming = try await read(readers.after)
      } else {
        upcoming = try await following
      }
    }
    try await finish(run)
    return longest
  }

  private static func following(
    _ readers: Readers,
    _ read: @Sendable (Int64) async throws -> Readers
  ) async throws -> Readers? {
    guard let last = readers.last else { return nil }
    return try await read(last)
  }

  /// A slice of them, as they were read.
  private struct Readers: Sendable {
    var after: Int64
    /// Of the last of them; nil at the end.
    var last: Int64?
    var entries: [Readership.Entry]
    var own: OwnQueryMatches
    /// Letters of other runs were waiting.
    var hadOthers: Bool
  }

  /// What is known of the edition of a reader.
  private enum Edition: Sendable {
    case nothing
    case new(Data, revisions: [Int64])
    case stored(Int64)
  }

  /// What was written in one transaction.
  private struct Slice: Sendable {
    var editions: [EditionPlan.Reader: Edition] = [:]
    /// A letter of another run was sent to one of the readers since they were read, or they were erased or became one with
    /// another; they are left out.
    var isStale = false
    var duration: Duration = .zero
  }

  /// - Returns: nil when the run was cancelled meanwhile.
  private func write(
    _ readers: Readers,
    _ editions: [EditionPlan.Reader: Edition],
    _ run: DigestRun
  ) async throws -> Slice? {
    let entries = readers.entries
    let needed = Dictionary(
      entries.compactMap { entry in editions[entry.reader].map { (entry.reader, $0) } },
      uniquingKeysWith: { $1 }
    )
    let subscribers = Set(entries.map(\.subscriber))
    let served = decide(subscribers)
    defer { decided(subscribers) }
    return try await store.write { database in
      guard try DigestRun.find(run.id, database)?.state == .planning else { return nil }
      let began = ContinuousClock.now
      var slice = Slice()
      let hasOthers = try readers.hadOthers || Self.othersWait(beside: run, database)
      var letters: [Letter] = []
      for entry in entries {
        let id: Int64
        switch slice.editions[entry.reader] ?? needed[entry.reader] {
        case .stored(let known): id = known
        case .new(let encoded, let revisions):
          id = try Self.findOrInsert(encoded, revisions, run, database)
          slice.editions[entry.reader] = .stored(id)
        case .nothing, nil: continue
        }
        if hasOthers {
          // What becomes of a letter of an earlier run decides where this one's begins.
          guard !served.contains(entry.subscriber), try Self.isCurrent(entry, database) else {
            slice.isStale = true
            continue
          }
          try overtake(entry, by: run, database)
        }
        letters.append(Letter(entry: entry, edition: id))
      }
      // Those that are there already are no news, but a reader may not be as they were read.
      if try queue(letters, run, database) < letters.count,
        try !letters.allSatisfy({ try Self.isCurrent($0.entry, database) })
      {
        slice.isStale = true
      }
      slice.duration = .now - began
      return slice
    }
  }

  private static func isCurrent(_ entry: Readership.Entry, _ database: Database) throws -> Bool {
    let start = try Int64.fetchOne(
      database,
      cached: "SELECT window_start FROM subscriber WHERE id = ?",
      arguments: [entry.subscriber]
    )
    return (start ?? 0) == entry.windowStart.milliseconds
  }

  private static func findOrInsert(
    _ encoded: Data,
    _ revisions: [Int64],
    _ run: DigestRun,
    _ database: Database
  ) throws -> Int64 {
    let key = EditionContent.key(of: encoded)
    let known = try Int64.fetchOne(
      database,
      cached: "SELECT id FROM edition WHERE run_id = ? AND key = ?",
      arguments: [run.id, key]
    )
    if let known { return known }
    try database.execute(
      cached: "INSERT INTO edition (run_id, key, address, content) VALUES (?, ?, ?, ?)",
      arguments: [run.id, key, Base32.encode(Data.random(16)), String(decoding: encoded, as: UTF8.self)]
    )
    let id = database.lastInsertedRowID
    for revision in revisions {
      try database.execute(
        cached: "INSERT INTO edition_item (edition_id, revision_id) VALUES (?, ?)",
        arguments: [id, revision]
      )
    }
    return id
  }

  /// Letters of other runs may be waiting or, where the week's run was cancelled, still be on their way.
  private static func othersWait(beside run: DigestRun, _ database: Database) throws -> Bool {
    try Bool.fetchOne(
      database,
      sql: """
        SELECT EXISTS (
          SELECT 1 FROM digest_run
          WHERE id <> :run AND (state NOT IN ('sent', 'cancelled') OR (state = 'cancelled' AND week = :week)))
        """,
      arguments: ["run": run.id, "week": run.week]
    ) ?? false
  }

  /// What waits of an earlier run is carried by this one's letter, whose window is still open to there.
  private func overtake(_ entry: Readership.Entry, by run: DigestRun, _ database: Database) throws {
    try database.execute(
      cached: """
        UPDATE outgoing_mail SET state = 'cancelled', finished_at = :now
        WHERE subscriber_id = :subscriber AND kind = 'digest' AND state = 'queued' AND run_id <> :run
        """,
      arguments: ["now": store.now().milliseconds, "subscriber": entry.subscriber, "run": run.id]
    )
  }

  private struct Letter {
    var entry: Readership.Entry
    var edition: Int64
  }

  /// To the addresses that they have at this moment, where they are still there and owed what was planned for them. In one
  /// statement: to bind the values of each letter takes longer than to write its row.
  /// - Returns: how many were queued.
  private func queue(_ letters: [Letter], _ run: DigestRun, _ database: Database) throws -> Int {
    let now = store.now()
    // By reader and window, of which a cast reads the first.
    let editions = letters.map { letter in
      "\"\(letter.entry.subscriber) \(letter.entry.windowStart.milliseconds)\":\(letter.edition)"
    }
    try database.execute(
      cached: """
        INSERT INTO outgoing_mail
          (kind, recipient, subscriber_id, run_id, edition_id, window_from, date, key_id, is_urgent, state,
           next_attempt_at, expires_at)
        SELECT 'digest', email, subscriber.id, :run, edition_of_reader.value, coalesce(window_start, 0), :date, :key, 0,
          'queued', 0, :expires
        FROM json_each(:editions) AS edition_of_reader
        CROSS JOIN subscriber ON subscriber.id = CAST(edition_of_reader.key AS INTEGER)
        WHERE coalesce(window_start, 0) =
          CAST(substr(edition_of_reader.key, instr(edition_of_reader.key, ' ')) AS INTEGER)
        ON CONFLICT DO NOTHING
        """,
      arguments: [
        "editions": "{\(editions.joined(separator: ","))}", "run": run.id, "date": now.milliseconds,
        "key": store.keys.current, "expires": now.milliseconds + OutgoingMail.Kind.digest.usefulFor.milliseconds,
      ]
    )
    return database.changesCount
  }

  private func finish(_ run: DigestRun) async throws {
    let now = store.now()
    let state: DigestRun.State = needsApproval ? .awaitingApproval : .sending
    try await store.write { database in
      try database.execute(
        sql: "UPDATE digest_run SET state = ?, planned_at = ? WHERE id = ? AND state = 'planning'",
        arguments: [state.rawValue, now.milliseconds, run.id]
      )
      guard database.changesCount > 0 else { return }
      let counts = try run.counts(database)
      try database.execute(
        sql: "UPDATE digest_run SET letters = ? WHERE id = ?",
        arguments: [counts.recipients, run.id]
      )
      if counts.queued > canary.letters { try Canary(left: canary.letters, until: nil).store(in: run.id, database) }
      if needsApproval { try notices.queue(.approvalAwaited(run, counts), database) }
      try DigestRun.finishIfDone(run.id, now: now, database)
    }
  }
}

extension EditionContent {
  /// Of the summaries it carries: their readers hear of later corrections.
  fileprivate var itemRevisions: [Int64] { sections.flatMap { $0.items.map(\.revision) } }
}
