import Foundation
import GRDB
import Mail

/// Finds the letters that may leave next: those that people wait for, and those of running digests, who waited longest
/// first and then edition by edition.
final class LetterSearch {
  /// A digest as it was when it was found.
  struct Found: Sendable {
    var mail: OutgoingMail
    /// Its reader still follows something and is not on holiday.
    var isWanted: Bool
    /// When it was composed already.
    var envelope: Envelope?
  }

  /// Letters of one run, in the reverse of the order in which they leave.
  struct Batch: Sendable {
    var letters: [Found] = []
    /// Of the store, when they were read.
    var version = 0
    /// When digests may not leave any more.
    var closes: Date?
  }

  /// Who a letter that was found is for.
  struct Claim: Sendable {
    var run: Int64?
    var subscriber: Int64?

    init(_ mail: OutgoingMail) { (run, subscriber) = (mail.runID, mail.subscriberID) }
  }

  /// What a search must know of letters that were found before, or were put off.
  struct Exclusions: Sendable {
    /// Of those that wait for a worker, or are with one; by number of the letter.
    var claims: [Int64: Claim]
    var putOff: Set<Int64>
    var readersInDecision: Set<Int64>

    func allows(_ mail: OutgoingMail) -> Bool {
      guard claims[mail.id] == nil, !putOff.contains(mail.id) else { return false }
      return mail.runID == nil || mail.subscriberID.map { !readersInDecision.contains($0) } ?? true
    }

    func count(ofRun run: Int64) -> Int { claims.values.count { $0.run == run } }
    var digests: Int { claims.values.count { $0.run != nil } }
  }

  private let store: Store
  private let allowance: DigestAllowance
  private let judgeCanary: JudgeCanary
  /// Where the present pass over a run has come to.
  private var passes: [Int64: Place] = [:]

  private struct Place: Equatable {
    var window: Int64 = -1
    var edition: Int64 = 0
    var letter: Int64 = 0
  }

  static let urgentAtOnce = 16
  private static let digestsAtOnce = 128

  init(store: Store, allowance: DigestAllowance, judgeCanary: JudgeCanary) {
    self.store = store
    self.allowance = allowance
    self.judgeCanary = judgeCanary
  }

  /// - Returns: those that are due, and whether there may be more.
  func urgent(_ exclusions: Exclusions) throws -> (letters: [OutgoingMail], isMore: Bool) {
    let limit = Self.urgentAtOnce + exclusions.claims.count + exclusions.putOff.count
    let found = try store.readBlocking { database in
      try OutgoingMail.fetchAll(
        database,
        cached: """
          SELECT \(OutgoingMail.columns) FROM outgoing_mail
          WHERE state = 'queued' AND is_urgent = 1 AND (next_attempt_at <= :now OR next_attempt_at > :set_back)
          ORDER BY next_attempt_at, id LIMIT :limit
          """,
        arguments: due(["limit": limit])
      )
    }
    return (found.filter(exclusions.allows), found.count >= limit)
  }

  /// The next letters of the first run that has some; none where digests must wait.
  func digests(_ exclusions: Exclusions) throws -> Batch {
    let now = store.now()
    let version = store.version
    let (runs, remaining) = try store.readBlocking { database -> ([DigestRun], Int?) in
      guard try Hold.find(database) == nil else { return ([], 0) }
      let sent = try DigestAllowance.sent(on: allowance.day(of: now), database)
      return (try DigestRun.inState(.sending, database), allowance.remaining(at: now, sent: sent))
    }
    passes = passes.filter { pass in runs.contains { $0.id == pass.key } }
    for run in runs {
      guard let canary = try judgeCanary(run, now: now) else { continue }
      // Those that were put off go first again.
      if canary != run.canary { passes[run.id] = nil }
      let limits = [
        Self.digestsAtOnce, remaining.map { $0 - exclusions.digests },
        // The canary goes alone.
        canary.left > 0 ? canary.left - exclusions.count(ofRun: run.id) : nil,
      ]
      guard let limit = limits.compactMap(\.self).min(), limit > 0 else { continue }
      let letters = try nextLetters(of: run, limit: limit, exclusions)
      guard letters.isEmpty else {
        return Batch(letters: letters.reversed(), version: version, closes: allowance.closes(after: now))
      }
    }
    return Batch()
  }

  /// Goes on where the pass has come to. When it is over, another begins: it finds what was put off meanwhile.
  private func nextLetters(of run: DigestRun, limit: Int, _ exclusions: Exclusions) throws -> [Found] {
    let start = passes[run.id] ?? Place()
    for first in start == Place() ? [start] : [start, Place()] {
      var place = first
      while true {
        let found = try letters(of: run, after: place, limit: limit)
        guard let last = found.last?.mail else { break }
        place = Place(window: last.windowStart, edition: last.editionID ?? 0, letter: last.id)
        passes[run.id] = place
        let free = found.filter { exclusions.allows($0.mail) }
        if !free.isEmpty { return free }
      }
    }
    passes[run.id] = nil
    return []
  }

  /// The rest of the edition the pass is in, or the editions after it. One condition for both would walk over all letters of
  /// the edition that were put off.
  private func letters(of run: DigestRun, after place: Place, limit: Int) throws -> [Found] {
    let rest = "window_from = :window AND edition_id = :edition AND outgoing_mail.id > :letter"
    let following = "(window_from, edition_id) > (:window, :edition) AND :letter IS NOT NULL"
    let found = try letters(of: run, after: place, where: rest, limit: limit)
    return try found.isEmpty ? letters(of: run, after: place, where: following, limit: limit) : found
  }

  private func letters(of run: DigestRun, after place: Place, where condition: String, limit: Int) throws -> [Found] {
    try store.readBlocking { database in
      let statement = try database.cachedStatement(
        sql: """
          SELECT \(OutgoingMail.columns), subscriber.state = 'active' AND coalesce(paused_until, 0) <= :now
          FROM \(OutgoingMail.waiting) LEFT JOIN subscriber ON subscriber.id = subscriber_id
          WHERE run_id = :run AND outgoing_mail.state = 'queued' AND \(condition)
            AND (next_attempt_at <= :now OR next_attempt_at > :set_back)
          ORDER BY window_from, edition_id, outgoing_mail.id LIMIT :limit
          """
      )
      let arguments = due([
        "run": run.id, "window": place.window, "edition": place.edition, "letter": place.letter, "limit": limit,
      ])
      let rows = try Row.fetchCursor(statement, arguments: arguments)
      return try Array(
        rows.map { Found(mail: try OutgoingMail(row: $0), isWanted: $0[OutgoingMail.columnCount] ?? false) }
      )
    }
  }

  /// A letter is due at its time, and also when that is further away than any retry: the clock was set back.
  private func due(_ arguments: StatementArguments) -> StatementArguments {
    let now = store.now()
    let setBack = now.addingTimeInterval(DeliveryTransition.longestPause)
    return arguments &+ ["now": now.milliseconds, "set_back": setBack.milliseconds]
  }
}
