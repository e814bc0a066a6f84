import Foundation
import GRDB
import HTTPServer
import HTTPTypes
import Mail

/// `POST /api/v1/bounces`: a raw `message/rfc822` as a mail server got it, or JSON that says what happened.
struct BounceAPI: Sendable {
  let store: Store
  let letters: BouncedLetter
  let receiveBounce: ReceiveBounce

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
    /// `counted`, `noted`, `suppressed`, `known` or `unmatched`.
    var outcome: String
    /// Why it was suppressed.
    var because: String?

    init(_ finding: ReceiveBounce.Finding) {
      kind = finding.report.kind.rawValue
      status = finding.report.status
      recipient = finding.report.recipient
      diagnostic = finding.report.diagnostic
      evidence = finding.evidence?.rawValue
      subscriber = finding.subscriber
      outcome = finding.outcome.name
      if case .suppressed(let reason) = finding.outcome { because = reason }
    }
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
    switch try await receiveBounce(message, deliveredTo: recipient) {
    case .ignored(let reason): return try JSONOutput.response(.ok, Answer(items: [], ignored: reason))
    case .recorded(let findings): return try JSONOutput.response(.ok, Answer(items: findings.map(Item.init)))
    }
  }

  private func take(_ statement: Statement) async throws -> Response {
    let subject = try await store.read { [letters] in try statement.subject(letters, $0) }
    let findings = try await receiveBounce.record([(statement.report, subject.map { ($0, .operator) })])
    return try JSONOutput.response(.ok, Answer(items: findings.map(Item.init)))
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
      if let status, !Self.isStatus(status) {
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

    /// `4.x.x` or `5.x.x`.
    private static func isStatus(_ text: String) -> Bool {
      let parts = text.split(separator: ".", omittingEmptySubsequences: false)
      return parts.count == 3 && ["4", "5"].contains(parts[0])
        && parts.allSatisfy { (1...3).contains($0.count) && Int($0) != nil }
    }
  }
}
