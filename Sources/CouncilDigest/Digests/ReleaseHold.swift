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

  /// Windows move up, and what runs under way had still to send is not sent: what is newer than `until` goes into the
  /// next digest, or into one that an operator starts.
  private func treatAsSent(until: Date) async throws {
    let now = store.now()
    let unfinished: [DigestRun.State] = [.planning, .awaitingApproval, .sending, .paused]
    try await store.write { database in
      for run in try unfinished.flatMap({ try DigestRun.inState($0, database) }) {
        _ = try ControlDigestRun.cancel.apply(to: run.id, now: now, database)
      }
    }
    let last = try await store.read { try Int64.fetchOne($0, sql: "SELECT max(id) FROM subscriber") } ?? 0
    // In slices: sign-ups are written between.
    for first in stride(from: 1, through: last, by: Int64.Stride(Self.subscribersAtOnce)) {
      try await store.write { database in
        try database.execute(
          cached: """
            UPDATE subscriber SET window_start = :until
            WHERE id BETWEEN :first AND :last AND state = 'active' AND coalesce(window_start, 0) < :until
            """,
          arguments: ["until": until.milliseconds, "first": first, "last": first + Self.subscribersAtOnce - 1]
        )
      }
    }
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
