import Foundation
import GRDB
import Logging
import Mail

/// Takes one raw message that came back, from whichever way in, and records what it says.
struct ReceiveBounce: Sendable {
  let store: Store
  let letters: BouncedLetter
  let recordBounce: RecordBounce
  let log: Logger

  /// One mailbox that the message is about.
  struct Finding: Sendable {
    var report: BounceReport
    /// Nil when it is about no letter or subscriber of ours.
    var evidence: RecordBounce.Evidence?
    var subscriber: Int64?
    var outcome: RecordBounce.Outcome
  }

  enum Outcome: Sendable {
    case recorded([Finding])
    /// An automatic reply, a delay, or no bounce at all.
    case ignored(because: String)
  }

  /// - Parameter recipient: where the message was delivered to, as the mail server says.
  func callAsFunction(_ message: [UInt8], deliveredTo recipient: String? = nil) async throws -> Outcome {
    switch BounceReport.read(message) {
    case .nothing(let reason):
      log.info("bounce.ignored", metadata: ["because": "\(reason)"])
      return .ignored(because: reason)
    case .bounces(let reports, let original):
      // To look is for many; only what is recorded needs the writer.
      let subjects = try await store.read { [letters] database in
        let known = try letters.find(original, deliveredTo: recipient, database)
        // One that names a letter that is not ours is about somebody else's, or forged.
        return try reports.map { try known ?? Self.byRecipient($0, original, database) }
      }
      return .recorded(try await record(Array(zip(reports, subjects))))
    }
  }

  /// As above, for what somebody says happened.
  func record(
    _ bounces: [(BounceReport, (subject: RecordBounce.Subject, evidence: RecordBounce.Evidence)?)]
  ) async throws -> [Finding] {
    let now = store.now()
    let findings = try await store.write { [recordBounce] database in
      try bounces.map { report, known in
        let outcome = try recordBounce.record(
          report,
          about: known?.subject,
          known?.evidence ?? .recipient,
          now: now,
          database
        )
        return Finding(
          report: report,
          evidence: known?.evidence,
          subscriber: known?.subject.subscriber,
          outcome: outcome
        )
      }
    }
    for finding in findings where finding.report.kind == .complaint {
      guard case .suppressed = finding.outcome, let id = finding.subscriber else { continue }
      let person = try await store.read { try Subscriber.find(id: id, $0)?.person($0) }
      if let person { try await store.departures.append(.left, person, at: now) }
    }
    for finding in findings {
      log.info(
        "bounce.received",
        metadata: [
          "kind": "\(finding.report.kind)", "status": "\(finding.report.status ?? "-")",
          "outcome": "\(finding.outcome.name)",
        ]
      )
    }
    return findings
  }

  private static func byRecipient(
    _ report: BounceReport,
    _ original: BounceReport.Original,
    _ database: Database
  ) throws -> (subject: RecordBounce.Subject, evidence: RecordBounce.Evidence)? {
    guard original.messageIDs.isEmpty, let recipient = report.recipient else { return nil }
    return try BouncedLetter.find(recipient: recipient, database).map { ($0, .recipient) }
  }
}

extension RecordBounce.Outcome {
  var name: String {
    switch self {
    case .counted: "counted"
    case .noted: "noted"
    case .known: "known"
    case .unmatched: "unmatched"
    case .suppressed: "suppressed"
    }
  }
}
