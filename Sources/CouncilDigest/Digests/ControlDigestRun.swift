import Foundation
import GRDB

/// Approve, pause, resume and cancel: what an operator may do to a run, and when. Resuming a run whose first letters are
/// being waited for lets the others go.
enum ControlDigestRun: String, CaseIterable, Sendable {
  case approve, pause, resume, cancel

  /// - Throws: `Refusal.notFound`, or `.conflict` when the run is not in a state that allows it.
  func apply(to id: Int64, now: Date, _ database: Database) throws -> DigestRun {
    guard let run = try DigestRun.find(id, database) else { throw Refusal.notFound("There is no digest run \(id)") }
    guard let state = state(after: run.state) else {
      throw Refusal.conflict("A run that is \(run.state.rawValue) can’t be changed by \(rawValue)")
    }
    if self == .cancel {
      try database.execute(
        sql: """
          UPDATE \(OutgoingMail.waiting) SET state = 'cancelled', finished_at = ?
          WHERE run_id = ? AND state = 'queued'
          """,
        arguments: [now.milliseconds, id]
      )
    }
    try database.execute(
      sql: """
        UPDATE digest_run SET state = :state, paused_because = NULL WHERE id = :id
        """,
      arguments: ["state": state.rawValue, "id": id]
    )
    // Who says go on has looked at what the first letters did.
    if self == .resume, run.canary.until != nil || run.pausedBecause != nil { try Canary.over.store(in: id, database) }
    try DigestRun.finishIfDone(id, now: now, database)
    return try DigestRun.find(id, database) ?? run
  }

  /// Whether it would make a difference now.
  func changes(_ run: DigestRun) -> Bool {
    guard let state = state(after: run.state) else { return false }
    return state != run.state || (self == .resume && run.canary.until != nil)
  }

  private func state(after state: DigestRun.State) -> DigestRun.State? {
    switch (self, state) {
    case (.approve, .awaitingApproval): .sending
    case (.pause, .sending), (.pause, .paused): .paused
    case (.resume, .paused), (.resume, .sending): .sending
    case (.cancel, .planning), (.cancel, .awaitingApproval), (.cancel, .sending), (.cancel, .paused): .cancelled
    case (.cancel, .cancelled): .cancelled
    default: nil
    }
  }
}
