import Foundation
import GRDB
import HTTPServer
import Logging
import Mail

/// `PATCH /api/v1/feedback/{id}`: `{state: "handled", reply?}`. A reply goes by letter to who left an address; asking for
/// the same again changes nothing and mails nothing.
struct HandleFeedback: Sendable {
  let store: Store
  let letters: LetterFrame
  let log: Logger
  let mailQueued: @Sendable () -> Void

  private enum Settled: String, CaseIterable {
    case handled
  }

  func callAsFunction(_ request: Request, _ change: AuditedChange) async throws -> Response {
    let feedback = try await handle(Int64(request.parameter("id")) ?? 0, JSONInput(request), change)
    return try JSONOutput.response(.ok, FeedbackItem(feedback))
  }

  /// - Parameter json: `state` and `reply`.
  /// - Throws: `Refusal.invalid`, `.notFound`, or `.conflict` when it was answered already or no letter can be sent.
  func handle(_ id: Int64, _ json: JSONInput, _ change: AuditedChange) async throws -> Feedback {
    var input = json
    _ = input.choice("state", Settled.self, required: true)
    let reply = input.string("reply", maximum: 4_000, isMultiline: true)
    try input.finish()
    let now = store.now()
    let feedback = try await store.write { database in
      guard let feedback = try Feedback.find(id, database) else { throw Refusal.notFound("There is no feedback \(id)") }
      guard try !isSettled(feedback, reply) else {
        change.changedNothing()
        return feedback
      }
      try database.execute(
        sql: "UPDATE feedback SET state = 'handled', reply = ?, handled_at = coalesce(handled_at, ?) WHERE id = ?",
        arguments: [reply, now.milliseconds, id]
      )
      if let reply { try queue(reply, to: feedback, now: now, database) }
      let handled = try Feedback.find(id, database) ?? feedback
      try change.record(
        "handle",
        of: "feedback/\(id)",
        before: State(feedback),
        after: State(handled),
        database
      )
      return handled
    }
    log.notice("feedback.handled", metadata: ["id": "\(id)", "replied": "\(feedback.reply != nil)"])
    mailQueued()
    return feedback
  }

  /// What was written stays out of the audit: it may name people.
  private struct State: Encodable {
    var state: String
    var hasReply: Bool

    init(_ feedback: Feedback) {
      state = feedback.state.rawValue
      hasReply = feedback.reply != nil
    }
  }

  /// Whether what is asked for is so already. A first reply may come after it was handled; a second one would say
  /// something else than the first, which has left.
  private func isSettled(_ feedback: Feedback, _ reply: String?) throws -> Bool {
    guard feedback.state == .handled else { return false }
    guard let reply, reply != feedback.reply else { return true }
    guard feedback.reply == nil else {
      throw Refusal.conflict("Feedback \(feedback.id) has been answered already, with another reply")
    }
    return false
  }

  private func queue(_ reply: String, to feedback: Feedback, now: Date, _ database: Database) throws {
    guard let email = feedback.email else {
      let detail = "There is no address, so nobody would get it. Handle it without a reply"
      throw Refusal.invalid([FieldProblem("/reply", detail)])
    }
    let address: EmailAddress
    do {
      address = try EmailAddress(parsing: email)
    } catch {
      throw Refusal.conflict("No letter can be sent to the address of feedback \(feedback.id)")
    }
    guard try Subscriber.find(address, database)?.state != .suppressed else {
      throw Refusal.conflict(
        "Letters to this address are suppressed: it has refused them or complained. Handle it without a reply"
      )
    }
    try OutgoingMail.queue(
      .feedbackReply,
      to: address,
      body: try letters.reply(reply, to: feedback),
      key: store.keys.current,
      now: now,
      database
    )
  }
}
