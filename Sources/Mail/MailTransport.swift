/// A letter ready to leave: its bytes and its envelope.
public struct Envelope: Equatable, Sendable {
  /// The address bounces go to (RFC 5321 §4.4).
  public var sender: EmailAddress
  public var recipient: EmailAddress
  public var content: LetterBytes

  public init(sender: EmailAddress, recipient: EmailAddress, content: LetterBytes) {
    self.sender = sender
    self.recipient = recipient
    self.content = content
  }
}

/// A way out for letters. One instance belongs to one worker thread; `send` blocks until the outcome is known.
public protocol MailTransport: AnyObject {
  /// - Parameter clearance: asked before the receiver could take the letter for complete.
  func send(_ envelope: Envelope, when clearance: Clearance) -> SendOutcome

  /// Why letters could not leave now, without sending one; nil when they could.
  func problem() -> String?

  /// Of the last `send`.
  var times: SMTPTimes { get }
}

extension MailTransport {
  public var times: SMTPTimes { SMTPTimes() }

  public func send(_ envelope: Envelope) -> SendOutcome { send(envelope, when: .given) }
}

/// What a letter needs before it may be complete: that the one before is written down, say.
public struct Clearance {
  /// Whether it is there already; returns at once.
  var isGiven: () -> Bool
  /// Blocks until it is. When it says no, the letter is broken off.
  var obtain: () -> Bool

  public init(isGiven: @escaping () -> Bool, obtain: @escaping () -> Bool) {
    self.isGiven = isGiven
    self.obtain = obtain
  }

  public static var given: Clearance { Clearance(isGiven: { true }, obtain: { true }) }
}

/// How one attempt to send a letter ended.
public enum SendOutcome: Equatable, Sendable {
  /// The receiver has answered for the letter.
  case sent
  /// This letter was refused. `isPermanent` follows the class of the reply (RFC 5321 §4.2.1).
  case refused(Reply, isPermanent: Bool)
  /// The way out is in trouble, whoever the letter is for: it was certainly not accepted and costs no attempt.
  case relayTrouble(String)
  /// The same, but it happened while the relay had this letter: it hung up, or said 421, after it had taken the sender.
  case interrupted(String)
  /// There was no clearance: the letter was certainly not accepted.
  case brokenOff
  /// The relay will not have us: wrong credentials, no TLS, a bad certificate. Trying again changes nothing.
  case relayRefusesUs(String)
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
