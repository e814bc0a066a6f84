import Foundation

/// One letter before it is bytes: to one recipient, with a text part and an HTML part that say the same.
public struct Letter: Equatable, Sendable {
  public var from: Mailbox
  public var replyTo: EmailAddress?
  public var to: EmailAddress
  /// Fixed when the letter is queued, so that every attempt is the same bytes.
  public var date: Date
  /// Without angle brackets; fixed before the first attempt (RFC 5322 §3.6.4).
  public var messageID: String
  /// Further fields in the order they are written; values are unfolded text.
  public var fields: [Field]
  public var body: PreparedBody
  /// What stands in the slots of the body, by name.
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
    from: Mailbox,
    replyTo: EmailAddress? = nil,
    to: EmailAddress,
    date: Date,
    messageID: String,
    fields: [Field] = [],
    body: PreparedBody,
    values: [String: String] = [:]
  ) {
    self.from = from
    self.replyTo = replyTo
    self.to = to
    self.date = date
    self.messageID = messageID
    self.fields = fields
    self.body = body
    self.values = values
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
