import CCurl
import Foundation

/// Sends letters to a relay, one after the other on one connection. Owns a libcurl easy handle: curl_multi would block
/// every transfer at the reply to the end of data.
public final class SMTPTransport: MailTransport {
  private let handle: CurlHandle
  private let settings: SMTPSettings
  private var needsFreshConnection = false
  private var isLoggedIn = false
  public private(set) var times = SMTPTimes()

  /// libcurl has one wait for every reply. RFC 5321 §4.5.3.2.6 asks ten minutes for the end of data: giving up early
  /// there is how letters arrive twice.
  private static let replySeconds = 600
  private static let connectSeconds = 30

  /// - Throws: `CurlSetupError` when libcurl refuses a setting.
  public init(_ settings: SMTPSettings) throws {
    self.settings = settings
    handle = try CurlHandle()
    try configure()
  }

  public func send(_ envelope: Envelope, when clearance: Clearance) -> SendOutcome {
    let first = attempt(envelope, clearance)
    // The relay may have closed a connection that was idle. Nothing of the letter had left, so once more is safe.
    guard first.wasReused, !first.conversation.sawStartOfData else { return first.outcome }
    switch first.outcome {
    case .relayTrouble, .interrupted:
      needsFreshConnection = true
      return attempt(envelope, clearance).outcome
    case .sent, .refused, .relayRefusesUs, .uncertain, .brokenOff: return first.outcome
    }
  }

  /// Connects, turns TLS on and logs in as `send` would, and leaves. Nil when the relay would have us.
  public func problem() -> String? {
    let transfer = Transfer(content: LetterBytes(), clearance: .given, requiresLogin: false, isLoggedIn: false)
    return withExtendedLifetime(transfer) {
      ccurl_set_pointer(handle.pointer, CURLOPT_HEADERDATA, Unmanaged.passUnretained(transfer).toOpaque())
      ccurl_set_long(handle.pointer, CURLOPT_CONNECT_ONLY, 1)
      let result = curl_easy_perform(handle.pointer)
      ccurl_set_long(handle.pointer, CURLOPT_CONNECT_ONLY, 0)
      needsFreshConnection = true
      guard result == CURLE_OK else {
        return Mail.problem(of: result, lastCode: handle.long(CURLINFO_RESPONSE_CODE), transfer.conversation)
      }
      let lacksLogin = settings.username != nil && !transfer.conversation.sawLogin
      return lacksLogin ? "the relay offers no login, and one is configured" : nil
    }
  }

  private struct Attempt {
    var outcome: SendOutcome
    var conversation: SMTPConversation
    var wasReused: Bool
  }

  private func attempt(_ envelope: Envelope, _ clearance: Clearance) -> Attempt {
    let transfer = Transfer(
      content: envelope.content,
      clearance: clearance,
      requiresLogin: settings.username != nil,
      isLoggedIn: isLoggedIn
    )
    let recipients = curl_slist_append(nil, "<\(envelope.recipient)>")
    defer { curl_slist_free_all(recipients) }
    let curl = handle.pointer
    return withExtendedLifetime(transfer) {
      let context = Unmanaged.passUnretained(transfer).toOpaque()
      ccurl_set_string(curl, CURLOPT_MAIL_FROM, "<\(envelope.sender)>")
      ccurl_set_list(curl, CURLOPT_MAIL_RCPT, recipients)
      ccurl_set_size(curl, CURLOPT_INFILESIZE_LARGE, curl_off_t(envelope.content.count))
      ccurl_set_pointer(curl, CURLOPT_READDATA, context)
      ccurl_set_pointer(curl, CURLOPT_HEADERDATA, context)
      ccurl_set_long(curl, CURLOPT_FRESH_CONNECT, needsFreshConnection ? 1 : 0)
      needsFreshConnection = false

      let result = curl_easy_perform(curl)
      times = transfer.moments.times
      ccurl_set_list(curl, CURLOPT_MAIL_RCPT, nil)
      let code = handle.long(CURLINFO_RESPONSE_CODE)
      isLoggedIn = transfer.isLoggedIn
      if code == 421 || result != CURLE_OK { needsFreshConnection = true }
      let outcome: SendOutcome =
        if transfer.wasBrokenOff {
          .brokenOff
        } else if transfer.wasRefusedLogin {
          .relayRefusesUs("the relay offers no login, and one is configured")
        } else {
          Mail.outcome(of: result, lastCode: code, transfer.conversation)
        }
      return Attempt(
        outcome: outcome,
        conversation: transfer.conversation,
        wasReused: handle.long(CURLINFO_NUM_CONNECTS) == 0
      )
    }
  }

  private func configure() throws {
    let scheme = settings.tls == .implicit ? "smtps" : "smtp"
    let authority = CurlHandle.authority(settings.host, settings.port)
    let clientName = settings.clientName.addingPercentEncoding(withAllowedCharacters: .urlHostAllowed) ?? ""
    try handle.set(CURLOPT_URL, "\(scheme)://\(authority)/\(clientName)")
    try handle.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
    // libcurl obeys ALL_PROXY for SMTP too; mail goes to the configured relay and nowhere else.
    try handle.set(CURLOPT_PROXY, "")
    switch settings.tls {
    case .required, .implicit: try handle.set(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue))
    case .opportunistic: try handle.set(CURLOPT_USE_SSL, Int(CURLUSESSL_TRY.rawValue))
    case .off: try handle.set(CURLOPT_USE_SSL, Int(CURLUSESSL_NONE.rawValue))
    }
    if let username = settings.username { try handle.set(CURLOPT_USERNAME, username) }
    if let password = settings.password { try handle.set(CURLOPT_PASSWORD, password) }
    if let file = settings.trustedCertificates { try handle.set(CURLOPT_CAINFO, file) }
    try handle.set(CURLOPT_CONNECTTIMEOUT, Self.connectSeconds)
    try handle.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, Self.replySeconds)
    try handle.set(CURLOPT_NOSIGNAL, 1)
    // After a refusal the next letter has a fresh connection; the one before would be kept beside it.
    try handle.set(CURLOPT_MAXCONNECTS, 1)
    try handle.set(CURLOPT_UPLOAD, 1)
    ccurl_set_callback(handle.pointer, CURLOPT_READFUNCTION, readContent)
    ccurl_set_callback(handle.pointer, CURLOPT_HEADERFUNCTION, receiveReplyLine)
    ccurl_set_callback(handle.pointer, CURLOPT_WRITEFUNCTION, discardOutput)
  }
}

/// One letter on its way through libcurl's callbacks, all of them on the sending thread.
private final class Transfer {
  private var content: LetterBytes.Reader
  let clearance: Clearance
  let requiresLogin: Bool
  var conversation = SMTPConversation()
  private(set) var moments = SMTPMoments()
  var isLoggedIn: Bool
  private(set) var wasRefusedLogin = false
  private(set) var wasBrokenOff = false

  /// So much is kept back while there is no clearance; the relay has the rest by the time there is.
  private static let lastBytes = 64

  init(content: LetterBytes, clearance: Clearance, requiresLogin: Bool, isLoggedIn: Bool) {
    self.content = LetterBytes.Reader(content)
    self.clearance = clearance
    self.requiresLogin = requiresLogin
    self.isLoggedIn = isLoggedIn
  }

  /// The next bytes into libcurl's buffer; 0 is the end.
  func read(into buffer: UnsafeMutableRawPointer, capacity: Int) -> Int {
    // libcurl goes on without a login when the relay offers none; a relay that takes such mail is not the one meant.
    if requiresLogin, !isLoggedIn {
      wasRefusedLogin = true
      return Int(CURL_READFUNC_ABORT)
    }
    let left = content.left
    var count = min(capacity, left)
    if count == left, !clearance.isGiven() {
      if left > Self.lastBytes {
        count = left - Self.lastBytes
      } else if !clearance.obtain() {
        wasBrokenOff = true
        return Int(CURL_READFUNC_ABORT)
      }
    }
    guard count > 0 else {
      handOverEverything()
      return 0
    }
    content.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: count))
    // With the size announced, libcurl does not come back for the 0 once it has the last byte.
    if content.left == 0 { handOverEverything() }
    return count
  }

  private func handOverEverything() {
    conversation.handedOverEverything = true
    moments.handedOverEverything()
  }

  func receive(line: UnsafeRawBufferPointer) {
    conversation.receive(line: line)
    moments.notice(conversation)
    if conversation.codes.last == 220, conversation.codes.count == 1 { isLoggedIn = false }
    if conversation.codes.last == 235 { isLoggedIn = true }
  }
}

private func readContent(
  buffer: UnsafeMutablePointer<CChar>?,
  size: Int,
  count: Int,
  context: UnsafeMutableRawPointer?
) -> Int {
  guard let buffer, let context else { return Int(CURL_READFUNC_ABORT) }
  let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
  return transfer.read(into: UnsafeMutableRawPointer(buffer), capacity: size * count)
}

private func receiveReplyLine(
  buffer: UnsafeMutablePointer<CChar>?,
  size: Int,
  count: Int,
  context: UnsafeMutableRawPointer?
) -> Int {
  guard let buffer, let context else { return 0 }
  let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
  transfer.receive(line: UnsafeRawBufferPointer(start: buffer, count: size * count))
  return size * count
}

/// Without this libcurl prints what a server says beyond its replies on standard output.
private func discardOutput(
  buffer: UnsafeMutablePointer<CChar>?,
  size: Int,
  count: Int,
  context: UnsafeMutableRawPointer?
) -> Int { size * count }
