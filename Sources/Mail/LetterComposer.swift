import Foundation

extension Letter {
  /// The letter as it goes over the wire (RFC 5322, RFC 2045): CRLF only, 7-bit, quoted-printable, no line over 76
  /// bytes but for single long words in header fields. The same letter is always the same bytes: nothing is random.
  public func composed() -> [UInt8] {
    let boundary = boundary
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4_096 + body.byteCount)
    func line(_ text: String) { bytes.append(contentsOf: (text + "\r\n").utf8) }

    line(HeaderField.mailbox("From", from))
    if let replyTo { line("Reply-To: \(replyTo)") }
    line("To: \(to)")
    line(HeaderField.unstructured("Subject", body.subject))
    line("Date: \(MailDate.format(date))")
    line("Message-ID: <\(messageID)>")
    line("MIME-Version: 1.0")
    line("Content-Type: multipart/alternative;\r\n boundary=\"\(boundary)\"")
    for field in fields { line(HeaderField.unstructured(field.name, field.value)) }
    line("")
    for (type, content) in [("text/plain", body.text), ("text/html", body.html)] {
      line("--\(boundary)")
      line("Content-Type: \(type); charset=utf-8")
      line("Content-Transfer-Encoding: quoted-printable")
      line("")
      content.write(values, to: &bytes)
      line("")
    }
    line("--\(boundary)--")
    return bytes
  }

  /// "=_" can't occur in quoted-printable text (RFC 2045 §6.7 note), so no body can contain the boundary; the rest
  /// ties it to this letter.
  private var boundary: String {
    "=_" + messageID.prefix { $0 != "@" }.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") }.prefix(60)
  }
}
