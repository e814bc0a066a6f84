import Foundation
import GRDB
import HTTPServer
import Mail

/// `GET /api/v1/digest-runs/{id}/preview?subscriber=`: the letter that a subscriber gets or got, byte for byte. With
/// `next` for the id it is the one they would get from a run that ended `at` a given time, by default the next that is
/// scheduled; only what is made when a letter is queued stands open in it: its Message-ID and the address of its page.
struct PreviewDigest: Sendable {
  let store: Store
  let nextDigest: NextDigest
  let mailsQuietWeeks: Bool
  let assembly: LetterAssembly
  let editions: ComposeEdition
  let signer: DKIMSigner?

  func callAsFunction(_ request: Request) async throws -> Response {
    let reference = try QueryString(request).first("subscriber") ?? ""
    guard !reference.isEmpty else {
      throw Refusal.invalid([FieldProblem("subscriber", "Required: a subscriber’s id or address")])
    }
    return Response(
      status: .ok,
      fields: [.contentType: "message/rfc822", .cacheControl: "no-store"],
      body: try await letter(of: request.parameter("id"), to: reference, at: request.time("at"))
    )
  }

  /// - Parameters:
  ///   - run: its id, or `next`.
  ///   - reference: a subscriber's id or address.
  ///   - end: of a run that was not started.
  /// - Returns: the message as it leaves.
  func letter(of run: String, to reference: String, at end: Date? = nil) async throws -> [UInt8] {
    let end = if let end { end } else { try await nextDigest() }
    let envelope = try await store.read { database in
      guard let subscriber = try Subscriber.find(reference: reference, database) else {
        throw Refusal.notFound("There is no subscriber “\(reference)”")
      }
      guard run != "next" else { return try next(to: subscriber, end: end, database) }
      guard let run = try DigestRun.find(Int64(run) ?? 0, database) else {
        throw Refusal.notFound("There is no digest run \(run)")
      }
      return try stored(of: run, to: subscriber, database)
    }
    return try (signer?.signed(envelope.content) ?? envelope.content).joined
  }

  private func stored(of run: DigestRun, to subscriber: Subscriber, _ database: Database) throws -> Envelope {
    let mail = try Row.fetchOne(
      database,
      sql: "SELECT \(OutgoingMail.columns) FROM outgoing_mail WHERE run_id = ? AND subscriber_id = ?",
      arguments: [run.id, subscriber.id]
    ).map(OutgoingMail.init)
    guard let mail, let edition = mail.editionID, let body = try editions.body(of: edition, database)
    else { throw Refusal.notFound("The run of \(run.week) has no letter for this subscriber") }
    return try assembly.envelope(for: mail, body)
  }

  private func next(to subscriber: Subscriber, end: Date, _ database: Database) throws -> Envelope {
    let plan = try EditionPlan.load(
      week: ISOWeek(containing: end, in: nextDigest.schedule.timeZone).description,
      end: end,
      mailsQuietWeeks: mailsQuietWeeks,
      database
    )
    let own = try MatchQueries.matches(of: subscriber.id, after: plan.from, upTo: end, database)
    let entry = try Readership(plan, database).slice(after: subscriber.id - 1, limit: 1, database).entries.first
    guard let entry, entry.subscriber == subscriber.id else {
      throw Refusal.notFound(
        "This subscriber would get no letter: they are not active, have paused, or have had their digest up to then"
      )
    }
    guard let content = plan.with(own).content(for: entry.reader) else {
      throw Refusal.notFound("This subscriber would get no letter: there is nothing to say")
    }
    let revisions = try EditionRevision.fetch(content.revisions, database)
    let mail = OutgoingMail(
      id: 0,
      kind: .digest,
      recipient: entry.email,
      subscriberID: subscriber.id,
      date: end,
      keyID: store.keys.current,
      attempts: 0,
      unreadReplies: 0,
      expiresAt: end,
      windowStart: 0
    )
    let body = try editions.compose(content, revisions, address: EditionContent.placeholderAddress).body
    return try assembly.envelope(for: mail, body)
  }
}

extension Request {
  /// A time in the query string; nil when it is not there.
  /// - Throws: `Refusal.invalid` naming it.
  func time(_ name: String) throws -> Date? {
    guard let text = try QueryString(self).first(name) else { return nil }
    guard let time = RFC3339(text) else {
      throw Refusal.invalid([FieldProblem(name, "Expected a time like 2026-11-28T08:00:00Z (RFC 3339)")])
    }
    return time.date
  }
}
