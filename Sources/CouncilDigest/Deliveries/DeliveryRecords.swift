import Foundation
import GRDB
import Mail
import Synchronization

/// Writes down what became of letters. What workers report at the same moment shares a commit.
final class DeliveryRecords: Sendable {
  private let store: Store
  private let allowance: DigestAllowance
  private let canary: Canary.Plan
  private let notices: OperatorNotices
  let pace: DeliveryPace
  /// By run.
  private let waves = Mutex<[Int64: RefusalWave]>([:])

  init(
    store: Store,
    allowance: DigestAllowance,
    canary: Canary.Plan,
    notices: OperatorNotices,
    pace: DeliveryPace
  ) {
    self.store = store
    self.allowance = allowance
    self.canary = canary
    self.notices = notices
    self.pace = pace
  }

  /// Durable when this returns.
  func record(_ outcome: SendOutcome, of mail: OutgoingMail) throws {
    let now = store.now()
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
    if case .asBefore = transition { return }
    let wave = mail.runID.flatMap { run in waves.withLock { $0[run, default: RefusalWave()].receive(outcome) } }
    try store.writeTogether { [self] database in
      try apply(transition, to: mail, now: now, database)
      guard let run = mail.runID else { return }
      try countAgainstCanary(of: run, now: now, database)
      if let wave { try pause(run, because: wave, database) }
      try DigestRun.finishIfDone(run, now: now, database)
    }
    if wave != nil { waves.withLock { $0 = [:] } }
    if case .sent = transition, let run = mail.runID { pace.count(run, at: now) }
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
    case .failed(let reply): try Self.settle(mail, as: .failed, reply, now: now, database)
    case .uncertain(let problem):
      try Self.settle(mail, as: .uncertain, Reply(code: 0, text: problem), now: now, database)
    }
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
