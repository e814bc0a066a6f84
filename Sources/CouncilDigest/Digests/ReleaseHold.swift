import Foundation
import GRDB

/// Lets digests leave again. The hold ends with the last step, so a crash between is met by releasing again.
struct ReleaseHold: Sendable {
  let store: Store
  /// Nil when nobody asked by the API.
  var change: AuditedChange?

  private static let subscribersAtOnce: Int64 = 2_000

  /// - Throws: `Refusal.conflict` when nothing is held.
  func callAsFunction(_ release: Hold.Release) async throws {
    guard try await store.read({ try Hold.find($0) }) != nil else { throw Refusal.conflict("Nothing is held") }
    if case .treatAsSent(let until) = release { try await treatAsSent(until: until) }
    try await store.write { [change] database in
      let hold = try Hold.find(database)
      try Hold.lift(database)
      try change?.record(
        "release",
        of: "hold",
        before: hold.map { ["reason": $0.reason] },
        after: release.words,
        database
      )
    }
  }

  /// Windows move up. Of the runs under way those that end by then are cancelled, and of the others the letters that carry
  /// anything older: what else these had goes into the next digest.
  private func treatAsSent(until: Date) async throws {
    let now = store.now()
    let unfinished: [DigestRun.State] = [.planning, .awaitingApproval, .sending, .paused]
    let newer = try await store.write { database in
      let runs = try unfinished.flatMap { try DigestRun.inState($0, database) }
      for run in runs where run.to <= until {
        _ = try ControlDigestRun.cancel.apply(to: run.id, now: now, database)
      }
      return runs.filter { $0.to > until }.map(\.id)
    }
    // All at once, beside the writer; what is planned meanwhile is judged with the letters.
    var older = OlderEditions(of: newer, upTo: until)
    older = try await store.read { [older] in try older.judged($0) }
    let last = try await store.read { try Int64.fetchOne($0, sql: "SELECT max(id) FROM subscriber") } ?? 0
    // In slices: sign-ups are written between.
    for first in stride(from: 1, through: last, by: Int64.Stride(Self.subscribersAtOnce)) {
      let slice = first...(first + Self.subscribersAtOnce - 1)
      older = try await store.write { [older] database in
        try Self.moveWindows(of: slice, to: until, database)
        let older = try older.judged(database)
        for run in newer { try Self.cancelLetters(of: run, to: slice, older, now: now, database) }
        return older
      }
    }
    try await store.write { database in
      for run in newer { try Self.endIfEmpty(run, now: now, database) }
    }
  }

  private static func moveWindows(of slice: ClosedRange<Int64>, to until: Date, _ database: Database) throws {
    try database.execute(
      cached: """
        UPDATE subscriber SET window_start = :until
        WHERE id BETWEEN :first AND :last AND state = 'active' AND coalesce(window_start, 0) < :until
        """,
      arguments: ["until": until.milliseconds, "first": slice.lowerBound, "last": slice.upperBound]
    )
  }

  private static func cancelLetters(
    of run: Int64,
    to slice: ClosedRange<Int64>,
    _ older: OlderEditions,
    now: Date,
    _ database: Database
  ) throws {
    try database.execute(
      cached: """
        UPDATE outgoing_mail SET state = 'cancelled', finished_at = :now
        WHERE run_id = :run AND subscriber_id BETWEEN :first AND :last AND state = 'queued'
          AND edition_id IN (SELECT value FROM json_each(:editions))
        """,
      arguments: [
        "run": run, "first": slice.lowerBound, "last": slice.upperBound, "editions": JSONNumbers.array(older.editions),
        "now": now.milliseconds,
      ]
    )
  }

  /// A run that has nothing left to send waits for nobody.
  private static func endIfEmpty(_ id: Int64, now: Date, _ database: Database) throws {
    guard let run = try DigestRun.find(id, database), run.state != .planning else { return }
    let counts = try run.counts(database)
    guard counts.queued == 0, counts.cancelled > 0 else { return }
    guard run.state == .sending, counts.recipients > counts.cancelled else {
      _ = try ControlDigestRun.cancel.apply(to: id, now: now, database)
      return
    }
    try DigestRun.finishIfDone(id, now: now, database)
  }
}

/// Which editions of some runs carry anything that was announced, or corrected, up to a time.
private struct OlderEditions: Sendable {
  private let runs: [Int64]
  private let until: Date
  private var lastJudged: Int64 = 0
  private(set) var editions: [Int64] = []

  init(of runs: [Int64], upTo until: Date) {
    self.runs = runs
    self.until = until
  }

  /// With those that were made since they were judged last.
  func judged(_ database: Database) throws -> OlderEditions {
    guard !runs.isEmpty else { return self }
    var judged = self
    let newest = try Int64.fetchOne(database, cached: "SELECT max(id) FROM edition") ?? 0
    guard newest > lastJudged else { return self }
    judged.editions += try Int64.fetchAll(
      database,
      sql: """
        SELECT edition.id FROM edition
        WHERE edition.id > :last AND edition.run_id IN (SELECT value FROM json_each(:runs)) AND (
          EXISTS (
            SELECT 1 FROM edition_item
            JOIN meeting_revision ON meeting_revision.id = edition_item.revision_id
            JOIN meeting ON meeting.id = meeting_revision.meeting_id
            WHERE edition_item.edition_id = edition.id AND meeting.announced_at <= :until)
          OR EXISTS (
            SELECT 1 FROM json_each(edition.content, '$.corrections') AS correction
            JOIN meeting_revision ON meeting_revision.id = correction.value
            WHERE meeting_revision.created_at <= :until))
        """,
      arguments: ["last": lastJudged, "runs": JSONNumbers.array(runs), "until": until.milliseconds]
    )
    judged.lastJudged = newest
    return judged
  }
}

extension Hold.Release {
  /// As the API takes it.
  fileprivate var words: [String: String] {
    switch self {
    case .resend: ["release": "resend"]
    case .treatAsSent(let until): ["release": "treat_as_sent_until", "until": RFC3339.format(until)]
    }
  }
}
