/// What all copies of a letter have in common, encoded once: fields, a text part and an HTML part that say the same, with
/// slots where something differs in every copy. To make a copy is to copy bytes.
public struct SharedLetter: Equatable, Sendable {
  public let subject: String
  let head: [UInt8]
  let body: SlottedBytes

  /// "=_" can't occur in quoted-printable text (RFC 2045 §6.7 note), so no part can contain the boundary.
  private static let boundary = "=_council-digest"

  /// - Parameters:
  ///   - fields: of every copy, in the order they are written; values are unfolded text.
  ///   - text: the plain part. A slot is its name between STX and ETX, here and in `html`.
  public init(
    from: Mailbox,
    replyTo: EmailAddress? = nil,
    subject: String,
    fields: [Letter.Field] = [],
    text: String,
    html: String
  ) {
    self.subject = subject
    var lines = [HeaderField.mailbox("From", from)]
    if let replyTo { lines.append("Reply-To: \(replyTo)") }
    lines += [
      HeaderField.unstructured("Subject", subject), "MIME-Version: 1.0",
      "Content-Type: multipart/alternative;\r\n boundary=\"\(Self.boundary)\"",
    ]
    lines += fields.map { HeaderField.unstructured($0.name, $0.value) }
    head = Array((lines.joined(separator: "\r\n") + "\r\n").utf8)

    var body = SlottedBytes()
    for (type, content) in [("text/plain", text), ("text/html", html)] {
      // The first blank line ends the header.
      body.append(
        raw: "\r\n--\(Self.boundary)\r\nContent-Type: \(type); charset=utf-8\r\n"
          + "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
      )
      body.append(text: content)
    }
    body.append(raw: "\r\n--\(Self.boundary)--\r\n")
    self.body = body
  }

  public var byteCount: Int { head.count + body.byteCount }
}
