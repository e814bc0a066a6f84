/// How long the parts of one transfer took, as far as it came.
public struct SMTPTimes: Equatable, Sendable {
  /// Until the relay greets us; nil on a connection that was open already.
  public var connect: Duration?
  /// From there until it asks for the data: EHLO, TLS and login on a new connection, then MAIL, RCPT and DATA.
  public var dialogue: Duration?
  /// Until the last byte is handed over; where the letter before must be written down first, the wait for that, too.
  public var data: Duration?
  /// Until the relay has answered for the letter.
  public var reply: Duration?

  public init() {}
}

/// When things happened in a transfer.
struct SMTPMoments {
  private let began = ContinuousClock.now
  private var greeted: ContinuousClock.Instant?
  private var askedForData: ContinuousClock.Instant?
  private var handedOver: ContinuousClock.Instant?

  /// Called after each reply line.
  mutating func notice(_ conversation: SMTPConversation) {
    if greeted == nil, conversation.codes.count == 1, conversation.codes.first == 220 { greeted = .now }
    if askedForData == nil, conversation.sawStartOfData { askedForData = .now }
  }

  mutating func handedOverEverything() { handedOver = handedOver ?? .now }

  /// Of a transfer that ends now.
  var times: SMTPTimes {
    var times = SMTPTimes()
    times.connect = greeted.map { $0 - began }
    times.dialogue = askedForData.map { $0 - (greeted ?? began) }
    if let askedForData { times.data = handedOver.map { $0 - askedForData } }
    times.reply = handedOver.map { .now - $0 }
    return times
  }
}
