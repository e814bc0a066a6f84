import Foundation
import GRDB
import Logging
import Mail
import Synchronization

/// Writes down what became of letters. What is reported while a commit is under way shares the next one, so a worker can
/// be on with its next letter meanwhile; before that one is complete, the one before must stand in the store.
final class DeliveryRecords: Sendable {
  private let store: Store
  private let allowance: DigestAllowance
  private let canary: Canary.Plan
  private let notices: OperatorNotices
  private let log: Logger
  let pace: DeliveryPace
  /// By run.
  private let waves = Mutex<[Int64: RefusalWave]>([:])
  private let reported = Mutex(Reported())
  private let recorder = DispatchQueue(label: "delivery-records", qos: .userInitiated)

  private struct Reported {
    var entries: [Entry] = []
    /// The recorder is on its way.
    var isScheduled = false
    var storeRefuses = false
    var isStopping = false
  }

  private struct Entry: Sendable {
    var mail: OutgoingMail
    var transition: DeliveryTransition
    var now: Date
    /// Why the run should pause.
    var wave: String?
    var pending: PendingRecord
  }

  /// So that reports of several workers share a commit; people who wait for a letter don't notice.
  private static let lingerMicroseconds: UInt32 = 300
  private static let entriesAtOnce = 64
  private static let retryPause: DispatchTimeInterval = .seconds(1)

  init(
    store: Store,
    allowance: DigestAllowance,
    canary: Canary.Plan,
    notices: OperatorNotices,
    pace: DeliveryPace,
    log: Logger
  ) {
    self.store = store
    self.allowance = allowance
    self.canary = canary
    self.notices = notices
    self.pace = pace
    self.log = log
  }

  /// Whether what was reported can't be written at the moment.
  var isStoreRefusing: Bool { reported.withLock { $0.storeRefuses } }

  /// What can't be written from now on is given up: the next start sends those letters again.
  func stop() { reported.withLock { $0.isStopping = true } }

  /// Returns at once.
  /// - Parameter recorded: called when it is durable, or given up.
  func report(
    _ outcome: SendOutcome,
    of mail: OutgoingMail,
    recorded: @escaping @Sendable () -> Void
  ) -> PendingRecord {
    let now = store.now()
    let pending = PendingRecord(then: recorded)
    let transition = DeliveryTransition(
      outcome,
      .init(
        attempts: mail.attempts,
        unreadReplies: mail.unreadReplies,
        now: now,
        expiresAt: mail.expiresAt,
        jitter: .random(in: 0...1)
      )
    )
    // Trouble of the relay changes nothing about a letter.
    if case .asBefore = transition {
      pending.settle(true)
      return pending
    }
    let wave = mail.runID.flatMap { run in waves.withLock { $0[run, default: RefusalWave()].receive(outcome) } }
    if wave != nil { waves.withLock { $0 = [:] } }
    let isFirst = reported.withLock { reported in
      reported.entries.append(Entry(mail: mail, transition: transition, now: now, wave: wave, pending: pending))
      defer { reported.isScheduled = true }
      return !reported.isScheduled
    }
    if isFirst { recorder.async { self.recordReported() } }
    return pending
  }

  private func recordReported() {
    if reported.withLock({ $0.entries.count < 4 && $0.entries.first?.mail.kind == .digest }) {
      usleep(Self.lingerMicroseconds)
    }
    let entries = reported.withLock { Array($0.entries.prefix(Self.entriesAtOnce)) }
    do {
      try store.writeTogether { database in
        for entry in entries { try self.record(entry, database) }
      }
    } catch {
      return retryLater(entries, error)
    }
    let isMore = reported.withLock { reported in
      reported.entries.removeFirst(entries.count)
      reported.storeRefuses = false
      reported.isScheduled = !reported.entries.isEmpty
      return reported.isScheduled
    }
    for entry in entries {
      if case .sent = entry.transition, let run = entry.mail.runID { pace.count(run, at: entry.now) }
      entry.pending.settle(true)
    }
    if isMore { recorder.async { self.recordReported() } }
  }

  /// What was sent must be written down, or it is sent again: while the store refuses, the workers wait with it.
  private func retryLater(_ entries: [Entry], _ error: any Error) {
    log.error("mail.record-failed", metadata: ["letters": "\(entries.count)", "error": "\(error)"])
    let isGivenUp = reported.withLock { reported in
      reported.storeRefuses = true
      if reported.isStopping {
        reported.entries.removeFirst(entries.count)
        reported.isScheduled = !reported.entries.isEmpty
      }
      return reported.isStopping
    }
    guard isGivenUp else {
      return recorder.asyncAfter(deadline: .now() + Self.retryPause) { self.recordReported() }
    }
    for entry in entries { entry.pending.settle(false) }
    if reported.withLock({ $0.isScheduled }) { recorder.async { self.recordReported() } }
  }

  private func record(_ entry: Entry, _ database: Database) throws {
    try apply(entry.transition, to: entry.mail, now: entry.now, database)
    guard let run = entry.mail.runID else { return }
    try countAgainstCanary(of: run, now: entry.now, database)
    if let wave = entry.wave { try pause(run, because: wave, database) }
    try DigestRun.finishIfDone(run, now: entry.now, database)
  }

  func cancel(_ mail: OutgoingMail) throws { try settle(mail, as: .cancelled, nil) }

  func fail(_ mail: OutgoingMail, _ reply: Reply) throws { try settle(mail, as: .failed, reply) }

  /// How a run may send now; nil while it waits for what becomes of its first letters, or was paused for that.
  func canary(of run: DigestRun, now: Date) throws -> Canary? {
    guard let until = run.canary.until else { return run.canary }
    guard now >= until else { return nil }
    return try store.writeTogether { [self] database in
      switch Canary.verdict(on: try run.counts(database)) {
      case .goOn:
        try Canary.over.store(in: run.id, database)
        return .over
      case .tryAgain:
        // They were put off: they go again, alone.
        let again = Canary(left: canary.letters, until: nil)
        try again.store(in: run.id, database)
        return again
      case .pause(let reason):
        try pause(run.id, because: reason, database)
        return nil
      }
    }
  }

  private func pause(_ id: Int64, because reason: String, _ database: Database) throws {
    guard let run = try DigestRun.find(id, database), run.state == .sending else { return }
    try run.pause(because: reason, database)
    try notices.queue(.runPaused(run, because: reason), database)
  }

  private func countAgainstCanary(of id: Int64, now: Date, _ database: Database) throws {
    let left = try Int.fetchOne(
      database,
      cached: "SELECT canary_left FROM digest_run WHERE id = ? AND canary_left > 0",
      arguments: [id]
    )
    guard let left else { return }
    try Canary(left: left, until: nil).taken(canary, now: now).store(in: id, database)
  }

  private func settle(_ mail: OutgoingMail, as state: OutgoingMail.State, _ reply: Reply?) throws {
    let now = store.now()
    try store.writeTogether { database in
      try Self.settle(mail, as: state, reply, now: now, database)
      if let run = mail.runID { try DigestRun.finishIfDone(run, now: now, database) }
    }
  }

  private func apply(
    _ transition: DeliveryTransition,
    to mail: OutgoingMail,
    now: Date,
    _ database: Database
  ) throws {
    switch transition {
    case .asBefore: break
    case .sent:
      try Self.settle(mail, as: .sent, nil, now: now, database)
      guard mail.kind == .digest else { return }
      try Self.moveWindow(of: mail, database)
      try DigestAllowance.count(on: allowance.day(of: now), database)
    case .retry(let at, let attempts, let unreadReplies, let reply):
      // A letter that was cancelled while it was on its way is not tried again.
      try database.execute(
        cached: """
          UPDATE outgoing_mail SET next_attempt_at = :at, attempts = :attempts, unread_replies = :unread,
            reply_code = :code, reply_status = :status, diagnostic = :text
          WHERE id = :id AND state = 'queued'
          """,
        arguments: [
          "at": at.milliseconds, "attempts": attempts, "unread": unreadReplies, "code": reply?.code,
          "status": reply?.status, "text": reply?.text, "id": mail.id,
        ]
      )
    case .failed(let reply):
      try Self.settle(mail, as: .failed, reply, now: now, database)
      try Self.countRefusal(reply, of: mail, now: now, database)
    case .uncertain(let problem):
      try Self.settle(mail, as: .uncertain, Reply(code: 0, text: problem), now: now, database)
    }
  }

  /// What the relay refused for good, or put off until nobody needed it, counts against the address.
  private static func countRefusal(_ reply: Reply, of mail: OutgoingMail, now: Date, _ database: Database) throws {
    guard (400..<600).contains(reply.code) else { return }
    _ = try RecordBounce.record(
      BounceReport(refusal: reply),
      about: .init(subscriber: mail.subscriberID, mail: mail.id, run: mail.runID),
      .reply,
      now: now,
      database
    )
  }

  /// What was sent was sent, also when somebody cancelled it on its way; any other end is for letters that still wait.
  private static func settle(
    _ mail: OutgoingMail,
    as state: OutgoingMail.State,
    _ reply: Reply?,
    now: Date,
    _ database: Database
  ) throws {
    try database.execute(
      cached: """
        UPDATE outgoing_mail SET state = :state, finished_at = :now, reply_code = :code, reply_status = :status,
          diagnostic = :text
        WHERE id = :id AND (state = 'queued' OR :state IN ('sent', 'uncertain'))
        """,
      arguments: [
        "state": state.rawValue, "now": now.milliseconds, "code": reply?.code, "status": reply?.status,
        "text": reply?.text, "id": mail.id,
      ]
    )
  }

  /// The reader's next digest starts where this one ended. Only a letter that was sent moves it.
  private static func moveWindow(of mail: OutgoingMail, _ database: Database) throws {
    try database.execute(
      cached: """
        UPDATE subscriber SET window_start = max(window_start, (SELECT window_to FROM digest_run WHERE id = :run))
        WHERE id = :subscriber AND state = 'active'
        """,
      arguments: ["run": mail.runID, "subscriber": mail.subscriberID]
    )
  }
}
