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
  /// Never locked while the store is asked.
  private let waiting = Mutex(WaitingLetters())
  /// One looks, the others wait for what it finds.
  private let search: Mutex<LetterSearch>

  /// A letter that a worker holds.
  struct Job: Sendable {
    var mail: OutgoingMail
    var envelope: Envelope
  }

  /// So many letters of one edition are composed in one go: one by one, between work of other kinds, each takes three
  /// times as long.
  private static let composedAtOnce = 32

  init(
    store: Store,
    assembly: LetterAssembly,
    editions: ComposeEdition,
    allowance: DigestAllowance,
    records: DeliveryRecords,
    judgeCanary: JudgeCanary
  ) {
    self.store = store
    self.assembly = assembly
    self.editions = editions
    self.allowance = allowance
    self.records = records
    letters = SharedLetters(store: store, editions: editions, assembly: assembly)
    search = Mutex(LetterSearch(store: store, allowance: allowance, judgeCanary: judgeCanary))
  }

  /// There may be a new letter that somebody waits for.
  func look() { waiting.withLock { $0.look() } }

  /// The next letter, which is then held until its outcome stands in its row; letters that people wait for first. Letters
  /// that can't or needn't be sent any more are settled on the way.
  /// - Parameter includingDigests: false while digests must keep a pace.
  func take(includingDigests: Bool = true) throws -> Job? {
    while let taken = try next(includingDigests) {
      do {
        if let job = try prepare(taken) { return job }
        letGo(of: taken.mail)
      } catch {
        letGo(of: taken.mail)
        throw error
      }
    }
    return nil
  }

  /// Reports the outcome of a letter. Returns at once.
  func report(_ outcome: SendOutcome, of mail: OutgoingMail) -> PendingRecord {
    if case .interrupted = outcome {
      let now = store.now()
      waiting.withLock { $0.wasInterrupted(mail, at: now) }
    } else {
      waiting.withLock { $0.wasNotInterrupted(mail) }
    }
    return records.report(outcome, of: mail) { [self] in letGo(of: mail) }
  }

  /// Until `decided`, no digest is taken for these readers: a plan is about to replace what waits for them.
  /// - Returns: those whose letters are with workers at this moment.
  func decide(about readers: Set<Int64>) -> Set<Int64> { waiting.withLock { $0.decide(about: readers) } }

  func decided(about readers: Set<Int64>) { waiting.withLock { $0.decided(about: readers) } }

  /// Letters that wait to leave, counted up to `limit`.
  func waitingCount(limit: Int) async throws -> Int {
    try await store.read { database in
      try Int.fetchOne(
        database,
        sql: """
          SELECT count(*) FROM (
            SELECT 1 FROM outgoing_mail WHERE state = 'queued' AND is_urgent = 1
            UNION ALL SELECT 1 FROM \(OutgoingMail.waiting) WHERE state = 'queued' AND run_id IS NOT NULL
            LIMIT ?)
          """,
        arguments: [limit]
      ) ?? 0
    }
  }

  // MARK: Which is next

  private func next(_ includingDigests: Bool) throws -> WaitingLetters.Taken? {
    try lookAhead()
    if let taken = takeFound(includingDigests) { return taken }
    return try search.withLock { search in
      while true {
        if let taken = takeFound(includingDigests) { return taken }
        guard try find(includingDigests, search) else { return nil }
      }
    }
  }

  /// Before what was found is used up, one worker looks for what follows while the others take what is left.
  private func lookAhead() throws {
    guard waiting.withLock({ $0.shouldLookAhead }) else { return }
    _ = try search.withLockIfAvailable { search in
      let now = store.now()
      guard let exclusions = waiting.withLock({ $0.startLookingAhead(now: now) }) else { return }
      let found = try search.digests(exclusions)
      waiting.withLock { $0.found(digests: found) }
    }
  }

  private func takeFound(_ includingDigests: Bool) -> WaitingLetters.Taken? {
    let now = store.now()
    return waiting.withLock { waiting in
      // Read here: whoever decides about readers has counted their change before they let go of the lock.
      waiting.shouldLookForUrgent ? nil : waiting.take(includingDigests, now: now, version: store.version)
    }
  }

  /// - Returns: whether there is something to take.
  private func find(_ includingDigests: Bool, _ search: LetterSearch) throws -> Bool {
    let now = store.now()
    let (mustLook, exclusions) = waiting.withLock { ($0.shouldLookForUrgent, $0.exclusions(now: now)) }
    if mustLook {
      let (urgent, isMore) = try search.urgent(exclusions)
      let isFound = waiting.withLock { waiting in
        waiting.found(urgent: urgent, isMore: isMore)
        return !waiting.isEmpty
      }
      if isFound { return true }
    }
    guard includingDigests else { return false }
    let found = try search.digests(exclusions)
    waiting.withLock { $0.found(digests: found) }
    return !found.letters.isEmpty
  }

  private func letGo(of mail: OutgoingMail) {
    waiting.withLock { $0.letGo(of: mail) }
  }

  // MARK: Whether it leaves

  /// What a letter is worth now; it may have waited for a while since it was found.
  private enum Standing {
    case leaves
    /// It is settled already, its run stopped, or it is not what was found.
    case notNow
    /// Its reader left or paused.
    case unwanted
  }

  /// - Returns: nil when the letter does not leave now.
  private func prepare(_ taken: WaitingLetters.Taken) throws -> Job? {
    let mail = taken.mail
    switch try taken.isWanted.map({ $0 ? .leaves : .unwanted }) ?? standing(of: mail) {
    case .leaves: break
    case .notNow:
      waiting.withLock { $0.forgetDigests() }
      return nil
    case .unwanted:
      try records.cancel(mail)
      return nil
    }
    guard store.now() < mail.expiresAt else {
      try records.fail(mail, Reply(code: 0, text: "no longer useful when it could leave"))
      return nil
    }
    if let envelope = taken.envelope { return Job(mail: mail, envelope: envelope) }
    do {
      guard let shared = try letters.letter(of: mail) else {
        try records.cancel(mail)
        return nil
      }
      composeAhead(after: mail, shared)
      return Job(mail: mail, envelope: try assembly.envelope(for: mail, shared))
    } catch let error as DatabaseError {
      throw error
    } catch {
      // It is put off and named in its row; it must not stop those behind it.
      _ = report(.refused(Reply(code: 0, text: "can't be composed: \(error)"), isPermanent: false), of: mail).wait()
      return nil
    }
  }

  private func composeAhead(after mail: OutgoingMail, _ shared: SharedLetter) {
    guard mail.editionID != nil else { return }
    let next = waiting.withLock { $0.startComposing(after: mail, limit: Self.composedAtOnce - 1) }
    guard !next.isEmpty else { return }
    // One that can't be composed says so when its turn comes.
    let composed = next.map { ($0, try? assembly.envelope(for: $0, shared)) }
    waiting.withLock { $0.composed(composed) }
  }

  private func standing(of mail: OutgoingMail) throws -> Standing {
    let now = store.now().milliseconds
    return try store.readOnce { database in
      let row = try Row.fetchOne(
        database,
        cached: """
          SELECT outgoing_mail.state AS letter, outgoing_mail.recipient, digest_run.state AS run,
            subscriber.state AS subscriber, coalesce(subscriber.paused_until, 0) AS paused_until, EXISTS (SELECT 1 FROM hold) AS is_held
          FROM outgoing_mail
          LEFT JOIN digest_run ON digest_run.id = outgoing_mail.run_id
          LEFT JOIN subscriber ON subscriber.id = outgoing_mail.subscriber_id
          WHERE outgoing_mail.id = ?
          """,
        arguments: [mail.id]
      )
      // Where its reader has moved it is found anew, with the new address.
      guard let row, row["letter"] == "queued", row["recipient"] == mail.recipient else { return .notNow }
      guard mail.kind == .digest else { return .leaves }
      guard row["run"] == "sending", row["is_held"] == false else { return .notNow }
      return row["subscriber"] == "active" && (row["paused_until"] as Int64) <= now ? .leaves : .unwanted
    }
  }
}
