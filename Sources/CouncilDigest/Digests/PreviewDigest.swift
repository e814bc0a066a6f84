import Foundation
import GRDB
import HTTPServer
import Mail

/// `GET /api/v1/digest-runs/{id}/preview?subscriber=`: the letter that a subscriber gets or got, byte for byte.
struct PreviewDigest: Sendable {
  let store: Store
  let assembly: LetterAssembly
  let editions: ComposeEdition
  let signer: DKIMSigner?

  func callAsFunction(_ request: Request) async throws -> Response {
    let id = Int64(request.parameter("id")) ?? 0
    guard let subscriber = try QueryString(request).first("subscriber"), !subscriber.isEmpty else {
      throw Refusal.invalid([FieldProblem("subscriber", "Required: a subscriber’s id or address")])
    }
    let envelope = try await store.read { database in
      guard let run = try DigestRun.find(id, database) else {
        throw Refusal.notFound("There is no digest run \(request.parameter("id"))")
      }
      guard let mail = try letter(of: run, to: subscriber, database), let edition = mail.editionID,
        let body = try editions.body(of: edition, database)
      else { throw Refusal.notFound("The run of \(run.week) has no letter for this subscriber") }
      return try assembly.envelope(for: mail, body)
    }
    let message = try signer?.signed(envelope.content) ?? envelope.content
    return Response(
      status: .ok,
      fields: [.contentType: "message/rfc822", .cacheControl: "no-store"],
      body: message
    )
  }

  private func letter(of run: DigestRun, to subscriber: String, _ database: Database) throws -> OutgoingMail? {
    try Row.fetchOne(
      database,
      sql: """
        SELECT \(OutgoingMail.columns) FROM outgoing_mail
        WHERE run_id = :run AND subscriber_id = coalesce(
          (SELECT id FROM subscriber WHERE email_key = lower(:subscriber)), CAST(:subscriber AS INTEGER))
        """,
      arguments: ["run": run.id, "subscriber": subscriber]
    ).map(OutgoingMail.init)
  }
}
