import Foundation
import GRDB
import Logging
import Mail
import Synchronization

/// Writes down what became of letters. A worker is on with its next letter meanwhile; before that one is complete, the
/// one before must be durable. A thread of its own sees to that in time, for several workers at once; whoever comes to the
/// point earlier writes for all.
final class DeliveryRecords: Sendable {
  private let store: Store
  private let taken: TakenLetters
  private let recordOutcome: RecordOutcome
  private let log: Logger
  let pace: DeliveryPace
  /// By run.
  private let waves = Mutex<[Int64: RefusalWave]>([:])
  private let reported = Mutex(Reported())
  /// Whoever writes holds it, and may for long: a `Mutex` would let the others spin.
  private let turn = NSLock()
  private let bell = Bell()

  private struct Reported {
    var records: [PendingRecord] = []
    /// Why readiness is gone: outcomes can't be kept, or can't be brought into their rows.
    var cannotWrite = false
    var cannotApply = false
    var isStopping = false
  }

  private static let recordsAtOnce = 64
  /// So long a sync waits for more to share it. Workers that have a next letter come first, and write for all: this is
  /// for those that have none, or wait for their turn.
  private static let lingerMicroseconds: UInt32 = 20_000
  /// How often what is journalled is brought over.
  private static let applyInterval: Duration = .milliseconds(500)
  private static let idleSeconds: TimeInterval = 1
  private static let retrySeconds: UInt32 = 1

  /// Brings over what a process that died had journalled.
  /// - Throws: `StoreProblem`, or the database's own error.
  init(
    store: Store,
    allowance: DigestAllowance,
    canary: Canary.Plan,
    notices: OperatorNotices,
    pace: DeliveryPace,
    log: Logger
  ) throws {
    self.store = store
    self.pace = pace
    self.log = log
    recordOutcome = RecordOutcome(canary: canary, notices: notices)
    taken = try TakenLetters(
      store: store,
      applySentLetters: ApplySentLetters(allowance: allowance, canary: canary),
      pace: pace
    )
  }

  /// Whether what was reported can't be written at the moment.
  var isStoreRefusing: Bool { reported.withLock { $0.cannotWrite || $0.cannotApply } }

  /// What can't be written from now on is given up: the next start sends those letters again.
  func stop() {
    reported.withLock { $0.isStopping = true }
    bell.stop(within: .zero)
  }

  /// Until `stop`, on a thread of its own.
  func work() {
    var applied = ContinuousClock.now
    while !bell.isStopping {
      let rings = bell.count
      if reported.withLock({ $0.records.isEmpty }) {
        bell.wait(seconds: taken.isEmpty ? Self.idleSeconds : Self.applyInterval / .seconds(1), since: rings)
      }
      usleep(Self.lingerMicroseconds)
      do {
        try turn.withLock { try write() }
      } catch {
        refused(error) { $0.cannotWrite = true }
        bell.pause(seconds: TimeInterval(Self.retrySeconds))
      }
      guard ContinuousClock.now - applied >= Self.applyInterval else { continue }
      applyReporting()
      applied = .now
    }
  }

  /// Returns at once.
  /// - Parameter letGo: called when the letter's row says what became of it, or when it is given up.
  func report(_ outcome: SendOutcome, of mail: OutgoingMail, letGo: @escaping @Sendable () -> Void) -> PendingRecord {
    let now = store.now()
    let transition = DeliveryTransition(outcome, .init(mail, now: now))
    let record = PendingRecord(
      mail,
      transition,
      now: now,
      wave: wave(outcome, of: mail),
      letGo: letGo,
      makeDurable: { [self] in makeDurable($0) }
    )
    // Trouble of the relay changes nothing about a letter.
    if case .asBefore = transition {
      record.becameDurable()
      record.becameVisible()
      return record
    }
    let isFirst = reported.withLock { reported in
      reported.records.append(record)
      return reported.records.count == 1
    }
    if isFirst { bell.ring() }
    return record
  }

  /// Everything that was reported stands in its row when this returns, unless the store refuses.
  func settle() {
    makeReportedDurable { false }
    applyReporting()
  }

  private func applyReporting() {
    do {
      try taken.apply()
      reported.withLock { $0.cannotApply = false }
    } catch {
      refused(error) { $0.cannotApply = true }
    }
  }

  func cancel(_ mail: OutgoingMail) throws { try end(mail, as: .cancelled, nil) }

  func fail(_ mail: OutgoingMail, _ reply: Reply) throws { try end(mail, as: .failed, reply) }

  private func wave(_ outcome: SendOutcome, of mail: OutgoingMail) -> String? {
    guard let run = mail.runID else { return nil }
    return waves.withLock { waves in
      guard let reason = waves[run, default: RefusalWave()].receive(outcome) else { return nil }
      waves = [:]
      return reason
    }
  }

  private func end(_ mail: OutgoingMail, as state: OutgoingMail.State, _ reply: Reply?) throws {
    let now = store.now()
    try store.writeTogether { database in
      try RecordOutcome.settle(mail, as: state, reply, now: now, database)
      if let run = mail.runID { try DigestRun.finishIfDone(run, now: now, database) }
    }
  }

  // MARK: Writing

  private func makeDurable(_ record: PendingRecord) { makeReportedDurable { !record.isReported } }

  /// What was sent must be written down, or it is sent again: while the store refuses, the workers wait with it.
  private func makeReportedDurable(unless isDone: () -> Bool) {
    while true {
      let isOver = turn.withLock {
        if isDone() { return true }
        do {
          try write()
          return true
        } catch {
          refused(error) { $0.cannotWrite = true }
          return giveUpIfStopping()
        }
      }
      if isOver { return }
      sleep(Self.retrySeconds)
    }
  }

  /// Makes durable what was reported, in groups.
  private func write() throws {
    while true {
      let records = reported.withLock { Array($0.records.prefix(Self.recordsAtOnce)) }
      guard !records.isEmpty else { return }
      let others = records.filter { !$0.isTaken }
      let sent = others.isEmpty ? records : records.filter(\.isTaken)
      try taken.append(sent)
      leave(sent)
      let stuck = others.isEmpty ? [] : try write(others)
      leave(others)
      for record in others where !stuck.contains(record.mail.id) { record.becameVisible() }
    }
  }

  private func leave(_ records: [PendingRecord]) {
    reported.withLock { reported in
      // Nearly always they are all that there were.
      reported.records.removeAll { record in records.contains { $0 === record } }
      reported.cannotWrite = false
    }
    for record in records { record.becameDurable() }
  }

  /// One that can't be written must not stop those beside it.
  /// - Returns: such letters. They stay held, so that at least this process does not send them again.
  private func write(_ records: [PendingRecord]) throws -> Set<Int64> {
    do {
      // Counted: what follows for the run and the reader concerns letters that were found before.
      try store.writeBlocking { database in for record in records { try recordOutcome(record, database) } }
      return []
    } catch let error as DatabaseError where error.isAboutARow {
      guard records.count == 1, let record = records.first else {
        return try records.reduce(into: []) { try $0.formUnion(write([$1])) }
      }
      log.critical("mail.record-impossible", metadata: ["letter": "\(record.mail.id)", "error": "\(error)"])
      return [record.mail.id]
    }
  }

  private func refused(_ error: any Error, _ note: (inout Reported) -> Void) {
    let letters: Int? = reported.withLock { reported in
      let isKnown = reported.cannotWrite || reported.cannotApply
      note(&reported)
      return isKnown ? nil : reported.records.count
    }
    // Once: it is tried again every second.
    guard let letters else { return }
    log.error("mail.record-failed", metadata: ["letters": "\(letters)", "error": "\(error)"])
  }

  /// - Returns: whether there is nothing to wait for any more.
  private func giveUpIfStopping() -> Bool {
    let givenUp = reported.withLock { reported -> [PendingRecord]? in
      guard reported.isStopping else { return nil }
      defer { reported.records = [] }
      return reported.records
    }
    for record in givenUp ?? [] { record.giveUp() }
    return givenUp != nil
  }
}

extension DatabaseError {
  /// Not about the disk or the file: trying again would end the same.
  fileprivate var isAboutARow: Bool {
    [.SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_RANGE, .SQLITE_TOOBIG, .SQLITE_ERROR].contains(resultCode)
  }
}

extension PendingRecord {
  /// A digest that the relay took is journalled; everything else is rare and changes its row at once.
  fileprivate var isTaken: Bool { mail.kind == .digest && transition == .sent }
}
