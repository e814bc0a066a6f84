import Foundation
import Mail

/// Makes the letter of a row: its body with this reader's links, its headers, its envelope. The same row always gives
/// the same bytes.
struct LetterAssembly: Sendable {
  let keys: KeyRing
  let site: SiteIdentity
  let sender: SenderIdentity

  /// Who mail is from.
  struct SenderIdentity: Equatable, Sendable {
    var from: Mailbox
    var replyTo: EmailAddress?
    /// With it, bounces name the letter they are about (VERP).
    var bounceAddress: EmailAddress?
  }

  /// RFC 5321 §4.5.3.1.1 allows 64 octets before the @; a letter adds a plus, its number, a hyphen and 16 characters.
  static let longestBounceLocalPart = 64 - 18 - 12

  /// Confirmation links work this long; the page after that says how to ask again.
  static let confirmationLifetime: TimeInterval = 7 * 86_400

  /// What all letters with a body have in common.
  func shared(_ kind: OutgoingMail.Kind, _ body: LetterBody) -> SharedLetter {
    var fields = [Letter.Field("Auto-Submitted", "auto-generated")]
    if kind.isDigest {
      fields += [
        // RFC 2919: stable for as long as the service has its address.
        .init("List-Id", "\(site.name.filter(\.isASCII)) <digest.\(sender.from.address.domain)>"),
        // RFC 8058: one URI in each copy, and the promise that a POST to it is enough.
        .init("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        .init("List-Help", "<\(site.link("/about"))>"),
        .init("Precedence", "bulk"),
        .init("X-Auto-Response-Suppress", "OOF, AutoReply"),
        .init("Feedback-ID", "weekly:digest:councildigest"),
      ]
    }
    return SharedLetter(
      from: sender.from,
      replyTo: sender.replyTo,
      subject: body.subject,
      fields: fields,
      text: body.text,
      html: body.html
    )
  }

  func envelope(for mail: OutgoingMail, _ shared: SharedLetter) throws -> Envelope {
    let recipient = try EmailAddress(parsing: mail.recipient)
    let links = links(of: mail)
    let letter = Letter(
      shared,
      to: recipient,
      date: mail.date,
      messageID: messageID(of: mail),
      fields: mail.kind.isDigest ? unsubscribeField(links) : [],
      values: links
    )
    return Envelope(
      sender: returnAddress(of: mail) ?? sender.from.address,
      recipient: recipient,
      content: letter.composed()
    )
  }

  /// As above, for a single letter.
  func envelope(for mail: OutgoingMail, _ body: LetterBody) throws -> Envelope {
    try envelope(for: mail, shared(mail.kind, body))
  }

  private func unsubscribeField(_ links: [String: String]) -> [Letter.Field] {
    links[LetterBody.Slot.unsubscribe.rawValue].map { [.init("List-Unsubscribe", "<\($0)>")] } ?? []
  }

  /// By the name of the slot.
  private func links(of mail: OutgoingMail) -> [String: String] {
    var links: [String: String] = [:]
    links.reserveCapacity(LetterBody.Slot.allCases.count)
    func add(_ slot: LetterBody.Slot, _ path: String, _ link: MailedLink) {
      links[slot.rawValue] = site.link(path + link.token(keys, key: mail.keyID))
    }
    if let reference = mail.referenceID, let action = mail.kind.action {
      let link = MailedLink(
        purpose: action.purpose,
        row: reference,
        expires: mail.date.addingTimeInterval(action.lifetime)
      )
      add(.confirm, action.path, link)
    }
    if let subscriber = mail.kind == .digestTest ? MailedLink.nobody : mail.subscriberID {
      add(.unsubscribe, "/unsubscribe/", MailedLink(purpose: .unsubscribe, row: subscriber))
      add(.preferences, "/preferences/", MailedLink(purpose: .preferences, row: subscriber))
    }
    return links
  }

  /// `digest.4711-signature@domain`: the number finds the letter that a report is about, the signature proves it.
  func messageID(of mail: OutgoingMail) -> String {
    "\(mail.kind.rawValue).\(mail.id)-\(derived("message", mail, length: 15))@\(sender.from.address.domain)"
  }

  static func number(inMessageID text: String) -> Int64? {
    text.firstMatch(of: /^[a-z-]+\.(\d{1,18})-[a-z2-7]+@/.ignoresCase()).flatMap { Int64($0.1) }
  }

  /// With VERP, the address that reports about this letter come back to.
  func returnAddress(of mail: OutgoingMail) -> EmailAddress? {
    guard let address = sender.bounceAddress else { return nil }
    return try? EmailAddress(
      parsing: "\(address.localPart)+\(mail.id)-\(derived("bounce", mail, length: 10))@\(address.domain)"
    )
  }

  static func number(inReturnAddress text: String) -> Int64? {
    text.firstMatch(of: /\+(\d{1,18})-[a-z2-7]+@/.ignoresCase()).flatMap { Int64($0.1) }
  }

  private func derived(_ purpose: String, _ mail: OutgoingMail, length: Int) -> String {
    guard let signature = keys.signature(of: Array("\(purpose):\(mail.id)".utf8), key: mail.keyID, length: length)
    else { preconditionFailure("letters are queued with a key of the ring") }
    return Base32.encode(signature)
  }
}
