import Foundation
import GRDB
import HTTPServer
import HTTPTypes
import Logging
import Mail

/// `POST /api/v1/bounces`: a raw `message/rfc822` as a mail server got it, or JSON that says what happened.
struct BounceAPI: Sendable {
  let store: Store
  let letters: BouncedLetter
  let log: Logger

  /// What returns a letter whole may be as large as one.
  static let bodyLimit = 10 * 1024 * 1024

  private struct Item: Encodable {
    var kind: String
    var status: String?
    var recipient: String?
    var diagnostic: String
    /// How the letter or the reader was recognised; nil when it was not.
    var evidence: String?
    var subscriber: Int64?
    /// `counted`, `suppressed`, `known` or `unmatched`.
    var outcome: String
    /// Why it was suppressed.
    var because: String?
  }

  private struct Answer: Encodable {
    var items: [Item]
    /// Why there is nothing to record.
    var ignored: String?
  }

  func callAsFunction(_ request: Request) async throws -> Response {
    let type = MediaType(request.fields[.contentType] ?? "").essence
    if type == "message/rfc822" {
      return try await receive(request.body, deliveredTo: try QueryString(request).first("recipient"))
    }
    return try await take(try Statement(request))
  }

  private func receive(_ message: [UInt8], deliveredTo recipient: String?) async throws -> Response {
    guard !message.isEmpty else { throw Refusal.unreadable("The message is empty") }
    let now = store.now()
    switch BounceReport.read(message) {
    case .nothing(let reason):
      log.info("bounce.ignored", metadata: ["because": "\(reason)"])
      return try JSONOutput.response(.ok, Answer(items: [], ignored: reason))
    case .bounces(let reports, let original):
      let items = try await store.write { [letters] database in
        let known = try letters.find(original, deliveredTo: recipient, database)
        return try reports.map { report in
          // One that names a letter that is not ours is about somebody else's, or forged.
          let subject = try known ?? Self.byRecipient(report, original, database)
          return try Self.item(report, subject, now: now, database)
        }
      }
      return try answer(items)
    }
  }

  private static func byRecipient(
    _ report: BounceReport,
    _ original: BounceReport.Original,
    _ database: Database
  ) throws -> (RecordBounce.Subject, RecordBounce.Evidence)? {
    guard original.messageIDs.isEmpty, let recipient = report.recipient else { return nil }
    return try BouncedLetter.find(recipient: recipient, database).map { ($0, .recipient) }
  }

  private func take(_ statement: Statement) async throws -> Response {
    let now = store.now()
    let items = try await store.write { [letters] database in
      let subject = try statement.subject(letters, database)
      return [try Self.item(statement.report, subject.map { ($0, .operator) }, now: now, database)]
    }
    return try answer(items)
  }

  private static func item(
    _ report: BounceReport,
    _ subject: (RecordBounce.Subject, RecordBounce.Evidence)?,
    now: Date,
    _ database: Database
  ) throws -> Item {
    let outcome = try RecordBounce.record(report, about: subject?.0, subject?.1 ?? .recipient, now: now, database)
    var item = Item(
      kind: report.kind.rawValue,
      status: report.status,
      recipient: report.recipient,
      diagnostic: report.diagnostic,
      evidence: subject?.1.rawValue,
      subscriber: subject?.0.subscriber,
      outcome: ""
    )
    switch outcome {
    case .counted: item.outcome = "counted"
    case .known: item.outcome = "known"
    case .unmatched: item.outcome = "unmatched"
    case .suppressed(let reason):
      item.outcome = "suppressed"
      item.because = reason
    }
    return item
  }

  private func answer(_ items: [Item]) throws -> Response {
    for item in items {
      log.info(
        "bounce.received",
        metadata: ["kind": "\(item.kind)", "status": "\(item.status ?? "-")", "outcome": "\(item.outcome)"]
      )
    }
    return try JSONOutput.response(.ok, Answer(items: items))
  }

  /// What somebody says happened: `{message_id | recipient, kind, status?, diagnostic?}`.
  private struct Statement: Sendable {
    var report: BounceReport
    var messageID: String?

    init(_ request: Request) throws {
      var input = try JSONInput(request)
      messageID = input.string("message_id").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "<>")) }
      let recipient = input.string("recipient")
      let kind = input.choice("kind", BounceReport.Kind.self, required: true)
      let status = input.string("status", maximum: 12)
      let diagnostic = input.string("diagnostic", maximum: 2_000, isMultiline: true)
      if messageID == nil, recipient == nil { input.refuse("message_id", "Required, or else recipient") }
      if let status, BounceStatusText(status) == nil {
        input.refuse("status", "Expected an enhanced status like 5.1.1 (RFC 3463)")
      }
      try input.finish()
      guard let kind else { throw Refusal.invalid(input.problems) }
      report = BounceReport(kind: kind, status: status, recipient: recipient, diagnostic: diagnostic ?? "")
    }

    func subject(_ letters: BouncedLetter, _ database: Database) throws -> RecordBounce.Subject? {
      if let messageID, let subject = try letters.find(messageID: messageID, database) { return subject }
      return try report.recipient.flatMap { try BouncedLetter.find(recipient: $0, database) }
    }
  }
}

/// `4.x.x` or `5.x.x`.
private struct BounceStatusText {
  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, ["4", "5"].contains(parts[0]),
      parts.allSatisfy({ (1...3).contains($0.count) && Int($0) != nil })
    else { return nil }
  }
}
