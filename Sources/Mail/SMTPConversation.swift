/// What was seen of one SMTP transfer: the reply codes, the words of refusals, and how far the letter got. The result
/// code of libcurl alone can't tell whether a letter may have been accepted.
struct SMTPConversation {
  /// The code of every final reply line, in order.
  private(set) var codes: [Int] = []
  /// The server asked for the data.
  private(set) var sawStartOfData = false
  /// Of the final reply line that came after all of the letter had been handed over.
  private var codeOfReplyToData: Int?
  /// The last byte of the letter was handed to libcurl.
  var handedOverEverything = false
  /// The lines of the latest refusal, continuation lines included, each cut.
  private var refusal: (code: Int, lines: [[UInt8]]) = (0, [])

  private static let keptCodes = 40
  private static let keptLines = 20
  private static let keptBytes = 500

  /// With room for those of a usual transfer.
  init() { codes.reserveCapacity(12) }

  /// - Parameter line: as it came, with its end when it has one.
  mutating func receive(line: UnsafeRawBufferPointer) {
    guard let code = Reply.code(of: line) else { return }
    let isFinal = line.last == 0x0A && !(line.count > 3 && line[3] == 0x2D)
    if code >= 400 { keep(line, of: code) }
    guard isFinal else { return }
    if codes.count == Self.keptCodes { codes.removeFirst() }
    codes.append(code)
    if code == 354, !sawStartOfData {
      sawStartOfData = true
    } else if sawStartOfData, handedOverEverything, codeOfReplyToData == nil {
      codeOfReplyToData = code
    }
  }

  private mutating func keep(_ line: UnsafeRawBufferPointer, of code: Int) {
    if refusal.code != code { refusal = (code, []) }
    if refusal.lines.count == Self.keptLines { refusal.lines.removeFirst() }
    refusal.lines.append(Array(line.prefix(Self.keptBytes).prefix { $0 != 0x0D && $0 != 0x0A }))
  }

  /// What the server answered when it had all of the letter.
  var replyToData: Reply? { codeOfReplyToData.map(reply) }

  /// The relay took MAIL. What is left of the codes when greeting, EHLO, STARTTLS and AUTH are taken away begins with the
  /// answer to that: a greeting and a STARTTLS answer are 220, and the first 250 after one answers EHLO; a reused
  /// connection has neither. 221 answers QUIT, on whichever connection.
  var wasSenderAccepted: Bool {
    var codes = codes[...]
    while let greeting = codes.lastIndex(of: 220) {
      guard let hello = codes[(greeting + 1)...].firstIndex(of: 250) else { return false }
      codes = codes[(hello + 1)...]
    }
    return codes.first { ![221, 235, 334].contains($0) }.map { (200..<300).contains($0) } ?? false
  }

  /// The server let us log in on this connection.
  var sawLogin: Bool { codes.contains(235) }

  /// What the server said with `code`, when that is a refusal.
  func diagnostic(for code: Int) -> String {
    guard refusal.code == code else { return "" }
    let joined = refusal.lines.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    return String(joined.prefix(Self.keptBytes))
  }

  func reply(for code: Int) -> Reply {
    let text = diagnostic(for: code)
    return Reply(code: code, status: Reply.status(in: text), text: text)
  }
}

extension Reply {
  /// Of one reply line: three digits, then a space, a hyphen or nothing (RFC 5321 §4.2).
  static func code(of line: UnsafeRawBufferPointer) -> Int? {
    guard line.count >= 3 else { return nil }
    var code = 0
    for byte in line[..<3] {
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      code = code * 10 + Int(byte - 0x30)
    }
    guard line.count > 3 else { return code }
    return switch line[3] {
    case 0x20, 0x2D, 0x0D, 0x0A: code
    default: nil
    }
  }

  /// The enhanced status (RFC 3463) after the code.
  static func status(in line: String) -> String? {
    let first = line.dropFirst(4).prefix { $0 != " " }
    let numbers = first.split(separator: ".", omittingEmptySubsequences: false)
    let isStatus = numbers.count == 3 && numbers.allSatisfy { (1...3).contains($0.count) && Int($0) != nil }
    return isStatus ? String(first) : nil
  }
}
