import Foundation
import GRDB
import Mail
import Synchronization

/// Between planning and the relay: gives each worker the next letter, composed. What is held by whom is only in memory;
/// rows change when an outcome is known, so a process that dies leaves every letter free.
final class DeliveryQueue: Sendable {
  let store: Store
  let assembly: LetterAssembly
  let editions: ComposeEdition
  let allowance: DigestAllowance
  let records: DeliveryRecords
  private let letters: SharedLetters
  private let waiting = Mutex(Waiting())

  /// A letter that a worker holds.
  struct Job: Sendable {
    var mail: OutgoingMail
    var envelope: Envelope
  }

  private struct Waiting {
    var urgent: [OutgoingMail] = []
    /// Of running digests, in the order they leave; the next is last.
    var digests: [OutgoingMail] = []
    /// With workers.
    var held: [Int64: OutgoingMail] = [:]
    /// Where the present pass over a run has come to: its letters leave edition by edition.
    var passes: [Int64: (edition: Int64, letter: Int64)] = [:]
    var mayHaveUrgent = true
    var lookedForUrgent = ContinuousClock.now
  }

  private static let urgentAtOnce = 16
  private static let digestsAtOnce = 64
  private static let urgentLookInterval: Duration = .seconds(1)

  init(
    store: Store,
    assembly: LetterAssembly,
    editions: ComposeEdition,
    allowance: DigestAllowance,
    records: DeliveryRecords
  ) {
    self.store = store
    self.assembly = assembly
    self.editions = editions
    self.allowance = allowance
    self.records = records
    letters = SharedLetters(store: store, editions: editions, assembly: assembly)
  }

  /// There may be a new letter that somebody waits for.
  func look() { waiting.withLock { $0.mayHaveUrgent = true } }

  /// The next letter, which is then held until its outcome is recorded; letters that people wait for first. Letters that
  /// can't or needn't be sent any more are settled on the way.
  /// - Parameter includingDigests: false while digests must keep a pace.
  func take(includingDigests: Bool = true) throws -> Job? {
    while let mail = try next(includingDigests) {
      do {
        if let job = try prepare(mail) { return job }
        letGo(of: mail)
      } catch {
        letGo(of: mail)
        throw error
      }
    }
    return nil
  }

  /// Reports the outcome of a letter, which is held until that is durable. Returns at once.
  func report(_ outcome: SendOutcome, of mail: OutgoingMail) -> PendingRecord {
    records.report(outcome, of: mail) { [self] in letGo(of: mail) }
  }

  /// Whose letters are with workers at this moment.
  var subscribersBeingServed: Set<Int64> {
    waiting.withLock { Set($0.held.values.filter { $0.runID != nil }.compactMap(\.subscriberID)) }
  }

  /// Letters that wait to leave, counted up to `limit`.
  func waitingCount(limit: Int) async throws -> Int {
    try await store.read { database in
      try Int.fetchOne(
        database,
        sql: "SELECT count(*) FROM (SELECT 1 FROM outgoing_mail WHERE state = 'queued' LIMIT ?)",
        arguments: [limit]
      ) ?? 0
    }
  }

  // MARK: Which is next

  private func next(_ includingDigests: Bool) throws -> OutgoingMail? {
    try waiting.withLock { waiting in
      if waiting.urgent.isEmpty, shouldLookForUrgent(waiting) { try findUrgent(&waiting) }
      if let mail = waiting.urgent.popLast() {
        waiting.held[mail.id] = mail
        return mail
      }
      guard includingDigests else { return nil }
      if waiting.digests.isEmpty { try findDigests(&waiting) }
      guard let mail = waiting.digests.popLast() else {
        waiting.mayHaveUrgent = true
        return nil
      }
      waiting.held[mail.id] = mail
      return mail
    }
  }

  private func shouldLookForUrgent(_ waiting: Waiting) -> Bool {
    waiting.mayHaveUrgent || waiting.digests.isEmpty
      || ContinuousClock.now - waiting.lookedForUrgent > Self.urgentLookInterval
  }

  private func findUrgent(_ waiting: inout Waiting) throws {
    let now = store.now()
    let found = try store.readBlocking { database in
      try Row.fetchAll(
        database,
        cached: """
          SELECT \(OutgoingMail.columns) FROM outgoing_mail
          WHERE state = 'queued' AND is_urgent = 1 AND next_attempt_at <= ? ORDER BY next_attempt_at, id LIMIT ?
          """,
        arguments: [now.milliseconds, Self.urgentAtOnce + waiting.held.count]
      ).map(OutgoingMail.init)
    }
    waiting.urgent = found.filter { waiting.held[$0.id] == nil }.reversed()
    waiting.mayHaveUrgent = found.count >= Self.urgentAtOnce + waiting.held.count
    waiting.lookedForUrgent = .now
  }

  private func findDigests(_ waiting: inout Waiting) throws {
    let now = store.now()
    let held = waiting.held
    let (runs, remaining) = try store.readBlocking { database -> ([DigestRun], Int?) in
      guard try Hold.find(database) == nil else { return ([], 0) }
      let sent = try DigestAllowance.sent(on: allowance.day(of: now), database)
      return (try DigestRun.inState(.sending, database), allowance.remaining(at: now, sent: sent))
    }
    waiting.passes = waiting.passes.filter { pass in runs.contains { $0.id == pass.key } }
    for run in runs {
      guard let canary = try records.canary(of: run, now: now) else { continue }
      let heldDigests = held.values.count { $0.runID != nil }
      let heldOfRun = held.values.count { $0.runID == run.id }
      let limits = [
        Self.digestsAtOnce, remaining.map { $0 - heldDigests },
        // The canary goes alone.
        canary.left > 0 ? canary.left - heldOfRun : nil,
      ]
      guard let limit = limits.compactMap(\.self).min(), limit > 0 else { continue }
      let start = waiting.passes[run.id] ?? (0, 0)
      var found = try letters(of: run, after: start, limit: limit, held, now: now)
      // A pass is over; what was put off meanwhile is found by the next.
      if found.isEmpty, start != (0, 0) { found = try letters(of: run, after: (0, 0), limit: limit, held, now: now) }
      waiting.passes[run.id] = found.last.map { ($0.editionID ?? 0, $0.id) }
      guard found.isEmpty else {
        waiting.digests = found.reversed()
        return
      }
    }
  }

  private func letters(
    of run: DigestRun,
    after start: (edition: Int64, letter: Int64),
    limit: Int,
    _ held: [Int64: OutgoingMail],
    now: Date
  ) throws -> [OutgoingMail] {
    let found = try store.readBlocking { database in
      try Row.fetchAll(
        database,
        cached: """
          SELECT \(OutgoingMail.columns) FROM outgoing_mail
          WHERE run_id = :run AND state = 'queued' AND (edition_id, id) > (:edition, :letter)
            AND next_attempt_at <= :now
          ORDER BY edition_id, id LIMIT :limit
          """,
        arguments: [
          "run": run.id, "edition": start.edition, "letter": start.letter, "now": now.milliseconds,
          "limit": limit + held.count,
        ]
      ).map(OutgoingMail.init)
    }
    return Array(found.filter { held[$0.id] == nil }.prefix(limit))
  }

  private func letGo(of mail: OutgoingMail) {
    _ = waiting.withLock { $0.held.removeValue(forKey: mail.id) }
  }

  // MARK: Whether it leaves

  /// What a letter is worth now; it may have waited for a while since it was found.
  private enum Standing {
    case leaves
    /// It is settled already, or its run stopped.
    case notNow
    /// Its reader left or paused.
    case unwanted
  }

  /// - Returns: nil when the letter does not leave now.
  private func prepare(_ mail: OutgoingMail) throws -> Job? {
    switch try standing(of: mail) {
    case .leaves: break
    case .notNow:
      waiting.withLock { $0.digests = [] }
      return nil
    case .unwanted:
      try records.cancel(mail)
      return nil
    }
    guard store.now() < mail.expiresAt else {
      try records.fail(mail, Reply(code: 0, text: "no longer useful when it could leave"))
      return nil
    }
    do {
      guard let shared = try letters.letter(of: mail) else {
        try records.cancel(mail)
        return nil
      }
      return Job(mail: mail, envelope: try assembly.envelope(for: mail, shared))
    } catch let error as DatabaseError {
      throw error
    } catch {
      // It is put off and named in its row; it must not stop those behind it.
      _ = report(.refused(Reply(code: 0, text: "can't be composed: \(error)"), isPermanent: false), of: mail).wait()
      return nil
    }
  }

  private func standing(of mail: OutgoingMail) throws -> Standing {
    let now = store.now().milliseconds
    return try store.readOnce { database in
      let row = try Row.fetchOne(
        database,
        cached: """
          SELECT outgoing_mail.state AS letter, digest_run.state AS run, subscriber.state AS subscriber,
            coalesce(subscriber.paused_until, 0) AS paused_until, EXISTS (SELECT 1 FROM hold) AS is_held
          FROM outgoing_mail
          LEFT JOIN digest_run ON digest_run.id = outgoing_mail.run_id
          LEFT JOIN subscriber ON subscriber.id = outgoing_mail.subscriber_id
          WHERE outgoing_mail.id = ?
          """,
        arguments: [mail.id]
      )
      guard let row, row["letter"] == "queued" else { return .notNow }
      guard mail.kind == .digest else { return .leaves }
      guard row["run"] == "sending", row["is_held"] == false else { return .notNow }
      return row["subscriber"] == "active" && (row["paused_until"] as Int64) <= now ? .leaves : .unwanted
    }
  }
}
