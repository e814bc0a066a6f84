import Foundation
import GRDB
import Mail

/// Finds the letter that a report is about. Its numbers are signed, so nobody can make one up.
struct BouncedLetter: Sendable {
  let assembly: LetterAssembly

  /// - Parameter envelopeRecipient: where the report was delivered to, as the mail server says.
  func find(
    _ original: BounceReport.Original,
    deliveredTo envelopeRecipient: String?,
    _ database: Database
  ) throws -> (RecordBounce.Subject, RecordBounce.Evidence)? {
    for address in [envelopeRecipient].compactMap(\.self) + original.returnAddresses {
      guard let id = LetterAssembly.number(inReturnAddress: address), let mail = try mail(id, database),
        assembly.returnAddress(of: mail)?.description.lowercased() == address.lowercased()
      else { continue }
      return (subject(mail), .verp)
    }
    for identifier in original.messageIDs {
      if let subject = try find(messageID: identifier, database) { return (subject, .messageID) }
    }
    return nil
  }

  func find(messageID: String, _ database: Database) throws -> RecordBounce.Subject? {
    guard let id = LetterAssembly.number(inMessageID: messageID), let mail = try mail(id, database),
      assembly.messageID(of: mail).lowercased() == messageID.lowercased()
    else { return nil }
    return subject(mail)
  }

  /// Their last digest since they confirmed, or else their last letter.
  static func find(recipient: String, _ database: Database) throws -> RecordBounce.Subject? {
    guard let subscriber = try Subscriber.find(reference: recipient, database), Int64(recipient) == nil else {
      return nil
    }
    let mail = try Row.fetchOne(
      database,
      sql: """
        SELECT outgoing_mail.id, run_id FROM outgoing_mail
        JOIN subscriber ON subscriber.id = outgoing_mail.subscriber_id
        WHERE subscriber_id = ? AND lower(recipient) = email_key AND outgoing_mail.state IN ('sent', 'uncertain')
          AND kind <> 'address-notice' AND date >= coalesce(confirmed_at, 0)
        ORDER BY run_id IS NULL, outgoing_mail.id DESC LIMIT 1
        """,
      arguments: [subscriber.id]
    )
    return .init(subscriber: subscriber.id, mail: mail?["id"], run: mail?["run_id"])
  }

  private func mail(_ id: Int64, _ database: Database) throws -> OutgoingMail? {
    try Row.fetchOne(
      database,
      sql: "SELECT \(OutgoingMail.columns) FROM outgoing_mail WHERE id = ?",
      arguments: [id]
    ).map(OutgoingMail.init)
  }

  private func subject(_ mail: OutgoingMail) -> RecordBounce.Subject {
    .init(mail)
  }
}
