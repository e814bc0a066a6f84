import Foundation

/// One copy of a letter before it is bytes: to one recipient, with what is different in every copy.
public struct Letter: Equatable, Sendable {
  public var shared: SharedLetter
  public var to: EmailAddress
  /// Fixed when the letter is queued, so that every attempt is the same bytes.
  public var date: Date
  /// Without angle brackets; fixed before the first attempt (RFC 5322 §3.6.4).
  public var messageID: String
  /// Further fields of this copy in the order they are written; values are unfolded text.
  public var fields: [Field]
  /// What stands in the slots of the parts, by name.
  public var values: [String: String]

  /// A header field beyond those every letter has.
  public struct Field: Equatable, Sendable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public init(
    _ shared: SharedLetter,
    to: EmailAddress,
    date: Date,
    messageID: String,
    fields: [Field] = [],
    values: [String: String] = [:]
  ) {
    self.shared = shared
    self.to = to
    self.date = date
    self.messageID = messageID
    self.fields = fields
    self.values = values
  }

  /// The letter as it goes over the wire (RFC 5322, RFC 2045): CRLF only, 7-bit, quoted-printable, no line over 76
  /// bytes but for single long words in header fields. The same letter is always the same bytes: nothing is random.
  public func composed() -> LetterBytes {
    var own: [UInt8] = []
    own.reserveCapacity(512)
    func line(_ name: String, _ value: String, _ end: String = "") {
      own += name.utf8
      own += value.utf8
      own += end.utf8
      own += [0x0D, 0x0A]
    }
    line("To: ", to.description)
    line("Date: ", MailDate.format(date))
    line("Message-ID: <", messageID, ">")
    for field in fields { line("", HeaderField.unstructured(field.name, field.value)) }

    var letter = LetterBytes()
    letter.reserveCapacity(pieces: 2 + shared.body.pieceCount)
    letter.append(shared.head)
    letter.append(own)
    shared.body.write(values, to: &letter)
    return letter
  }
}

/// A display name and an address (RFC 5322 §3.4).
public struct Mailbox: Equatable, Sendable {
  public var name: String
  public var address: EmailAddress

  public init(name: String, address: EmailAddress) {
    self.name = name
    self.address = address
  }
}
