/// A letter ready to leave: its bytes and its envelope.
public struct Envelope: Equatable, Sendable {
  /// The address bounces go to (RFC 5321 §4.4).
  public var sender: EmailAddress
  public var recipient: EmailAddress
  public var content: [UInt8]

  public init(sender: EmailAddress, recipient: EmailAddress, content: [UInt8]) {
    self.sender = sender
    self.recipient = recipient
    self.content = content
  }
}

/// A way out for letters. One instance belongs to one worker thread; `send` blocks until the outcome is known.
public protocol MailTransport: AnyObject {
  /// - Parameter mayFinish: asked before the receiver could take the letter for complete; it may block. When it says no,
  ///   the letter is broken off. It may be asked more than once.
  func send(_ envelope: Envelope, mayFinish: () -> Bool) -> SendOutcome

  /// Why letters could not leave now, without sending one; nil when they could.
  func problem() -> String?
}

extension MailTransport {
  public func send(_ envelope: Envelope) -> SendOutcome { send(envelope, mayFinish: { true }) }
}

/// How one attempt to send a letter ended.
public enum SendOutcome: Equatable, Sendable {
  /// The receiver has answered for the letter.
  case sent
  /// This letter was refused. `isPermanent` follows the class of the reply (RFC 5321 §4.2.1).
  case refused(Reply, isPermanent: Bool)
  /// The way out is in trouble, whoever the letter is for: it was certainly not accepted and costs no attempt.
  case relayTrouble(String)
  /// `mayFinish` said no: the letter was certainly not accepted.
  case brokenOff
  /// The relay will not have us: wrong credentials, no TLS, a bad certificate. Trying again changes nothing.
  case loginRefused(String)
  /// All of the letter was sent and no readable reply came: it may have been accepted (RFC 1047).
  case uncertain(String)
}

/// A server's reply: code, enhanced status (RFC 3463) if it had one, and its text, at most 500 characters.
public struct Reply: Equatable, Sendable {
  public var code: Int
  public var status: String?
  public var text: String

  public init(code: Int, status: String? = nil, text: String) {
    self.code = code
    self.status = status
    self.text = text
  }
}
