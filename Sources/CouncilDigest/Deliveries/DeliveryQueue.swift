import Foundation
import GRDB
import Mail

/// The rows between planning and the relay: taking the next letter, and recording what became of it.
struct DeliveryQueue: Sendable {
  let store: Store
  let assembly: LetterAssembly
  let editions: ComposeEdition
  let canary: Canary.Plan
  let notices: OperatorNotices
  let pace: DeliveryPace

  /// A letter that a worker holds.
  struct Job: Sendable {
    var mail: OutgoingMail
    var envelope: Envelope
  }

  /// The most letters one transaction settles on the way to one that can be sent: sign-ups wait behind it.
  private static let settledAtOnce = 50

  /// The next letter, now in state `sending`; transactional letters first. Letters that can't or needn't be sent any
  /// more are settled on the way.
  func take() throws -> Job? {
    try store.writeBlocking { database in
      let now = store.now()
      for _ in 0..<Self.settledAtOnce {
        guard let mail = try next(now: now, database) else { return nil }
        if let job = try prepareOrPutOff(mail, now: now, database) { return job }
      }
      return nil
    }
  }

  func record(_ outcome: SendOutcome, of mail: OutgoingMail) throws {
    try store.writeBlocking { database in
      let now = store.now()
      let transition = DeliveryTransition(outcome, circumstances(of: mail, now: now))
      try apply(transition, to: mail, now: now, database)
    }
  }

  /// One process owns the store, so what was being sent when it opens was held by a process that is gone.
  func releaseHeldLetters() throws -> Int {
    try store.writeBlocking { database in
      try database.execute(sql: "UPDATE outgoing_mail SET state = 'queued' WHERE state = 'sending'")
      let released = database.changesCount
      let now = store.now()
      for run in try DigestRun.inState(.cancelled, database) where run.finishedAt == nil {
        try database.execute(
          sql: "UPDATE outgoing_mail SET state = 'cancelled', finished_at = ? WHERE run_id = ? AND state = 'queued'",
          arguments: [now.milliseconds, run.id]
        )
        try DigestRun.finishIfDone(run.id, now: now, database)
      }
      return released
    }
  }

  private func circumstances(of mail: OutgoingMail, now: Date) -> DeliveryTransition.Circumstances {
    .init(
      attempts: mail.attempts,
      unreadReplies: mail.unreadReplies,
      now: now,
      expiresAt: mail.expiresAt,
      jitter: .random(in: 0...1)
    )
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

  private func next(now: Date, _ database: Database) throws -> OutgoingMail? {
    let urgent = try Row.fetchOne(
      database,
      sql: """
        SELECT \(OutgoingMail.columns) FROM outgoing_mail
        WHERE state = 'queued' AND is_urgent = 1 AND next_attempt_at <= ? ORDER BY next_attempt_at LIMIT 1
        """,
      arguments: [now.milliseconds]
    )
    if let urgent { return try OutgoingMail(row: urgent) }
    guard try Hold.find(database) == nil else { return nil }
    for run in try DigestRun.inState(.sending, database) where try goesOn(run, now: now, database) {
      let digest = try Row.fetchOne(
        database,
        sql: """
          SELECT \(OutgoingMail.columns) FROM outgoing_mail
          WHERE run_id = ? AND state = 'queued' AND next_attempt_at <= ? ORDER BY next_attempt_at LIMIT 1
          """,
        arguments: [run.id, now.milliseconds]
      )
      if let digest { return try OutgoingMail(row: digest) }
    }
    return nil
  }

  /// Whether the run may send now, or waits for what becomes of its first letters.
  private func goesOn(_ run: DigestRun, now: Date, _ database: Database) throws -> Bool {
    guard let until = run.canary.until else { return true }
    guard now >= until else { return false }
    switch Canary.verdict(on: try run.counts(database)) {
    case .goOn:
      try Canary.over.store(in: run.id, database)
      return true
    case .waitLonger:
      try Canary(left: 0, until: now.addingTimeInterval(canary.wait)).store(in: run.id, database)
      return false
    case .pause(let reason):
      try run.pause(because: reason, database)
      try notices.queue(.runPaused(run, because: reason), database)
      return false
    }
  }

  /// A letter that can't be put together is put off and named in its row; it must not stop those behind it.
  private func prepareOrPutOff(_ mail: OutgoingMail, now: Date, _ database: Database) throws -> Job? {
    do {
      return try prepare(mail, now: now, database)
    } catch let error as DatabaseError {
      throw error
    } catch {
      let reply = Reply(code: 0, text: "can't be composed: \(error)")
      try apply(
        DeliveryTransition(.refused(reply, isPermanent: false), circumstances(of: mail, now: now)),
        to: mail,
        now: now,
        database
      )
      return nil
    }
  }

  private func prepare(_ mail: OutgoingMail, now: Date, _ database: Database) throws -> Job? {
    guard now < mail.expiresAt else {
      try apply(.failed(Reply(code: 0, text: "no longer useful when it could leave")), to: mail, now: now, database)
      return nil
    }
    guard try isWanted(mail, now: now, database), let body = try body(of: mail, database) else {
      try settle(mail, as: .cancelled, now: now, database)
      return nil
    }
    let envelope = try assembly.envelope(for: mail, body.prepared)
    try database.execute(sql: "UPDATE outgoing_mail SET state = 'sending' WHERE id = ?", arguments: [mail.id])
    if let run = mail.runID { try countAgainstCanary(of: run, now: now, database) }
    return Job(mail: mail, envelope: envelope)
  }

  private func countAgainstCanary(of id: Int64, now: Date, _ database: Database) throws {
    guard let run = try DigestRun.find(id, database), run.canary.left > 0 else { return }
    try run.canary.taken(canary, now: now).store(in: id, database)
  }

  /// Who left or paused while a run was being sent gets nothing more of it.
  private func isWanted(_ mail: OutgoingMail, now: Date, _ database: Database) throws -> Bool {
    guard mail.kind == .digest else { return true }
    guard let id = mail.subscriberID, let subscriber = try Subscriber.find(id: id, database) else { return false }
    return subscriber.state == .active && !subscriber.isPaused(at: now)
  }

  private func body(of mail: OutgoingMail, _ database: Database) throws -> LetterBody? {
    if let id = mail.letterBodyID { return try LetterBody.fetch(id, database) }
    return try mail.editionID.flatMap { try editions.storedBody(of: $0, database) }
  }

  private func apply(
    _ transition: DeliveryTransition,
    to mail: OutgoingMail,
    now: Date,
    _ database: Database
  ) throws {
    switch transition {
    case .sent:
      try settle(mail, as: .sent, now: now, database)
      if let run = mail.runID { pace.count(run, at: now) }
      try moveWindow(of: mail, database)
    case .retry where try isOvertaken(mail, database):
      try settle(mail, as: .cancelled, now: now, database)
    case .retry(let at, let attempts, let unreadReplies, let reply):
      try database.execute(
        sql: """
          UPDATE outgoing_mail SET state = 'queued', next_attempt_at = :at, attempts = :attempts,
            unread_replies = :unread, reply_code = :code, reply_status = :status, diagnostic = :text
          WHERE id = :id
          """,
        arguments: [
          "at": at.milliseconds, "attempts": attempts, "unread": unreadReplies, "code": reply?.code,
          "status": reply?.status, "text": reply?.text, "id": mail.id,
        ]
      )
    case .failed(let reply):
      try settle(mail, as: .failed, reply, now: now, database)
    case .uncertain(let problem):
      try settle(mail, as: .uncertain, Reply(code: 0, text: problem), now: now, database)
    }
  }

  /// Whether a digest letter that was not sent has nothing to be sent for: its run was cancelled, or a later run carries
  /// what it carried.
  private func isOvertaken(_ mail: OutgoingMail, _ database: Database) throws -> Bool {
    try Bool.fetchOne(
      database,
      sql: """
        SELECT EXISTS (SELECT 1 FROM digest_run WHERE id = :run AND state = 'cancelled')
          OR EXISTS (SELECT 1 FROM outgoing_mail WHERE subscriber_id = :subscriber AND run_id > :run)
        """,
      arguments: ["run": mail.runID, "subscriber": mail.subscriberID]
    ) ?? false
  }

  private func settle(
    _ mail: OutgoingMail,
    as state: OutgoingMail.State,
    _ reply: Reply? = nil,
    now: Date,
    _ database: Database
  ) throws {
    try database.execute(
      sql: """
        UPDATE outgoing_mail SET state = :state, finished_at = :now, reply_code = :code, reply_status = :status,
          diagnostic = :text
        WHERE id = :id
        """,
      arguments: [
        "state": state.rawValue, "now": now.milliseconds, "code": reply?.code, "status": reply?.status,
        "text": reply?.text, "id": mail.id,
      ]
    )
    if let run = mail.runID { try DigestRun.finishIfDone(run, now: now, database) }
  }

  /// The reader's next digest starts where this one ended. Only a letter that was sent moves it.
  private func moveWindow(of mail: OutgoingMail, _ database: Database) throws {
    guard let run = mail.runID, let subscriber = mail.subscriberID else { return }
    try database.execute(
      sql: """
        UPDATE subscriber SET window_start = max(window_start, (SELECT window_to FROM digest_run WHERE id = :run))
        WHERE id = :subscriber AND state = 'active'
        """,
      arguments: ["run": run, "subscriber": subscriber]
    )
  }
}
