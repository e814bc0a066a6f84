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
  private let waiting = Mutex(Waiting())
  /// One looks, the others wait for what it finds.
  private let search: Mutex<LetterSearch>

  /// A letter that a worker holds.
  struct Job: Sendable {
    var mail: OutgoingMail
    var envelope: Envelope
  }

  private static let urgentLookInterval: Duration = .seconds(1)
  private static let maximumTroubles = 1_000

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
  func look() { waiting.withLock { $0.mayHaveUrgent = true } }

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
      waiting.withLock { waiting in
        // Of letters that ended otherwise, say.
        if waiting.troubles.count > Self.maximumTroubles { waiting.troubles = [:] }
        waiting.troubles[mail.id, default: Trouble()].happened(at: now)
      }
    } else {
      waiting.withLock { _ = $0.troubles.removeValue(forKey: mail.id) }
    }
    return records.report(outcome, of: mail) { [self] in letGo(of: mail) }
  }

  /// Until `decided`, no digest is taken for these readers: a plan is about to replace what waits for them.
  /// - Returns: those whose letters are with workers at this moment.
  func decide(about readers: Set<Int64>) -> Set<Int64> {
    waiting.withLock { waiting in
      waiting.readersInDecision.formUnion(readers)
      return Set(waiting.held.values.filter { $0.runID != nil }.compactMap(\.subscriberID)).intersection(readers)
    }
  }

  func decided(about readers: Set<Int64>) { waiting.withLock { $0.readersInDecision.subtract(readers) } }

  /// Letters that wait to leave, counted up to `limit`.
  func waitingCount(limit: Int) async throws -> Int {
    try await store.read { database in
      try Int.fetchOne(
        database,
        sql: """
          SELECT count(*) FROM (
            SELECT 1 FROM outgoing_mail WHERE state = 'queued' AND is_urgent = 1
            UNION ALL SELECT 1 FROM outgoing_mail WHERE state = 'queued' AND run_id IS NOT NULL
            LIMIT ?)
          """,
        arguments: [limit]
      ) ?? 0
    }
  }

  // MARK: Which is next

  /// A letter that was lost with its connection. It may be the letter: the relay, or the host behind it, does not bear it,
  /// and others must not wait for that.
  private struct Trouble {
    var times = 0
    var until = Date.distantPast

    mutating func happened(at now: Date) {
      times += 1
      let pause = times == 1 ? 10 : 60 * TimeInterval(1 << min(times - 2, 6))
      until = now.addingTimeInterval(min(3_600, pause))
    }

    /// A clock that was set back makes nobody wait.
    func isPutOff(at now: Date) -> Bool { now < until && until.timeIntervalSince(now) <= 3_600 }
  }

  private struct Taken {
    var mail: OutgoingMail
    /// What is known of it since it was found; nil must be looked up.
    var isWanted: Bool?
  }

  private struct Waiting {
    var urgent: [OutgoingMail] = []
    var digests = LetterSearch.Batch()
    /// With workers, or on the way into the store.
    var held: [Int64: OutgoingMail] = [:]
    /// A plan is about to replace what waits for them.
    var readersInDecision: Set<Int64> = []
    var troubles: [Int64: Trouble] = [:]
    var mayHaveUrgent = true
    var lookedForUrgent = ContinuousClock.now

    var shouldLookForUrgent: Bool {
      urgent.isEmpty
        && (mayHaveUrgent || digests.letters.isEmpty
          || ContinuousClock.now - lookedForUrgent > DeliveryQueue.urgentLookInterval)
    }

    mutating func take(_ includingDigests: Bool, now: Date, version: Int) -> Taken? {
      if let mail = urgent.popLast() {
        held[mail.id] = mail
        return Taken(mail: mail)
      }
      guard includingDigests else { return nil }
      if digests.closes.map({ now >= $0 }) ?? false { digests = .init() }
      while let found = digests.letters.popLast() {
        guard found.mail.subscriberID.map({ !readersInDecision.contains($0) }) ?? true else { continue }
        held[found.mail.id] = found.mail
        return Taken(mail: found.mail, isWanted: digests.version == version ? found.isWanted : nil)
      }
      return nil
    }

    func exclusions(now: Date) -> LetterSearch.Exclusions {
      .init(
        held: held,
        putOff: Set(troubles.lazy.filter { $0.value.isPutOff(at: now) }.map(\.key)),
        readersInDecision: readersInDecision
      )
    }
  }

  private func next(_ includingDigests: Bool) throws -> Taken? {
    if let taken = takeFound(includingDigests) { return taken }
    return try search.withLock { search in
      while true {
        if let taken = takeFound(includingDigests) { return taken }
        guard try find(includingDigests, search) else { return nil }
      }
    }
  }

  private func takeFound(_ includingDigests: Bool) -> Taken? {
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
        waiting.urgent = urgent.reversed()
        waiting.mayHaveUrgent = isMore
        waiting.lookedForUrgent = .now
        return !urgent.isEmpty || !waiting.digests.letters.isEmpty
      }
      if isFound { return true }
    }
    guard includingDigests else { return false }
    let found = try search.digests(exclusions)
    waiting.withLock { $0.digests = found }
    return !found.letters.isEmpty
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
  private func prepare(_ taken: Taken) throws -> Job? {
    let mail = taken.mail
    switch try taken.isWanted.map({ $0 ? .leaves : .unwanted }) ?? standing(of: mail) {
    case .leaves: break
    case .notNow:
      waiting.withLock { $0.digests = .init() }
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
