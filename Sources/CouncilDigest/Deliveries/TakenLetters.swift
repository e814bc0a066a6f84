import Foundation
import GRDB

/// The digests that the relay took: in the journal at once, in their rows hundreds at a time. While those of one half of the
/// journal are brought over, letters go on being written down in the other.
final class TakenLetters: Sendable {
  private let store: Store
  private let applySentLetters: ApplySentLetters
  private let pace: DeliveryPace
  /// A lock that may be held for long: a `Mutex` would let the others spin.
  private let writing = NSLock()
  nonisolated(unsafe) private var journal: Journal  // because it is touched only with `writing` locked
  /// Locked before `writing` by whoever needs both.
  private let applying = NSLock()
  nonisolated(unsafe) private var leaving: Leaving?  // because it is touched only with `applying` locked

  private struct Journal {
    let file: SentJournal
    /// Durable in this half of the file.
    var records: [PendingRecord] = []
  }

  /// Those of the other half, on the way into their rows.
  private struct Leaving {
    var records: [PendingRecord]
    /// That the store then takes over.
    var generation: Int64
  }

  /// Brings over what a process that died had journalled.
  /// - Throws: `StoreProblem`, or the database's own error.
  init(store: Store, applySentLetters: ApplySentLetters, pace: DeliveryPace) throws {
    self.store = store
    self.applySentLetters = applySentLetters
    self.pace = pace
    let generation = try store.readBlocking { try ApplySentLetters.generation($0) }
    let file = try SentJournal(besideStoreAt: store.path, generation: generation)
    let left = try file.read()
    let next = file.turnOver()
    // Also where nothing is left: what the file holds must never count again.
    _ = try store.writeBlocking { try applySentLetters(left, generation: next, now: store.now(), $0) }
    journal = Journal(file: file)
  }

  /// Whether nothing was appended since letters were brought over.
  var isEmpty: Bool { writing.withLock { journal.records.isEmpty } }

  /// Durable when this returns.
  /// - Parameter records: of digests that were taken; few enough for half of a journal.
  func append(_ records: [PendingRecord]) throws {
    guard !records.isEmpty else { return }
    while try !appendIfThereIsRoom(records) { try apply() }
  }

  private func appendIfThereIsRoom(_ records: [PendingRecord]) throws -> Bool {
    try writing.withLock {
      guard records.count <= journal.file.room else { return false }
      try journal.file.append(records.map(\.entry))
      journal.records += records
      return true
    }
  }

  /// Everything that was appended before stands in its row when this returns.
  func apply() throws {
    try applying.withLock {
      // Where an attempt failed, some are left.
      try bringOver()
      leaving = writing.withLock {
        guard !journal.records.isEmpty else { return nil }
        defer { journal.records = [] }
        return Leaving(records: journal.records, generation: journal.file.turnOver())
      }
      try bringOver()
    }
  }

  private func bringOver() throws {
    guard let leaving else { return }
    let now = store.now()
    let runs = try store.writeUncounted {
      try applySentLetters(leaving.records.map(\.entry), generation: leaving.generation, now: now, $0)
    }
    self.leaving = nil
    for record in leaving.records { record.becameVisible() }
    for (run, count) in runs { pace.count(count, of: run, at: now) }
  }
}

extension PendingRecord {
  fileprivate var entry: SentJournal.Entry { SentJournal.Entry(letter: mail.id, sentAt: now) }
}
