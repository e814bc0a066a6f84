/// What was seen of one SMTP transfer: the reply lines, and how far the letter got. The result code of libcurl alone
/// can't tell whether a letter may have been accepted.
struct SMTPConversation: Equatable {
  /// Every reply line after the connection opened, without line ends, each cut at 500 bytes.
  private(set) var lines: [[UInt8]] = []
  /// The server asked for the data.
  private(set) var sawStartOfData = false
  /// A final reply line came after all of the letter had been handed over.
  private(set) var replyToData: Reply?
  /// The code of every final reply line, in order.
  private(set) var codes: [Int] = []
  /// The last byte of the letter was handed to libcurl.
  var handedOverEverything = false

  private static let keptLines = 40

  mutating func receive(line: some Sequence<UInt8>) {
    let bytes = Array(line.prefix { $0 != 0x0D && $0 != 0x0A }.prefix(500))
    let isComplete = line.contains { $0 == 0x0A }
    if lines.count < Self.keptLines { lines.append(bytes) }
    guard let code = Reply.code(of: bytes), isComplete, bytes.dropFirst(3).first != 0x2D else { return }
    if codes.count < Self.keptLines { codes.append(code) }
    if code == 354, !sawStartOfData {
      sawStartOfData = true
    } else if sawStartOfData, handedOverEverything, replyToData == nil {
      replyToData = reply(for: code)
    }
  }

  /// The replies to MAIL, RCPT and DATA: what is left when greeting, EHLO, STARTTLS and AUTH are taken away. A greeting
  /// and a STARTTLS answer are 220, and the first 250 after one answers EHLO; a reused connection has neither.
  var transactionCodes: [Int] {
    var codes = codes[...]
    while let greeting = codes.lastIndex(of: 220) {
      let rest = codes[(greeting + 1)...]
      guard let hello = rest.firstIndex(of: 250) else { return [] }
      codes = codes[(hello + 1)...]
    }
    return codes.filter { $0 != 334 && $0 != 235 }
  }

  /// The server let us log in on this connection.
  var sawLogin: Bool { codes.contains(235) }

  /// The last lines that carry `code`, continuation lines included, joined.
  func diagnostic(for code: Int) -> String {
    let joined = lines.reversed().drop { Reply.code(of: $0) != code }.prefix { Reply.code(of: $0) == code }
      .reversed().map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    return String(joined.prefix(500))
  }

  func reply(for code: Int) -> Reply {
    let text = diagnostic(for: code)
    return Reply(code: code, status: Reply.status(in: text), text: text)
  }
}

extension Reply {
  /// Of one reply line: three digits, then a space, a hyphen or nothing (RFC 5321 §4.2).
  static func code(of line: [UInt8]) -> Int? {
    guard line.count >= 3, line[..<3].allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
      line.count == 3 || line[3] == 0x20 || line[3] == 0x2D
    else { return nil }
    return line[..<3].reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  /// The enhanced status (RFC 3463) after the code.
  static func status(in line: String) -> String? {
    let first = line.dropFirst(4).prefix { $0 != " " }
    let numbers = first.split(separator: ".", omittingEmptySubsequences: false)
    let isStatus = numbers.count == 3 && numbers.allSatisfy { (1...3).contains($0.count) && Int($0) != nil }
    return isStatus ? String(first) : nil
  }
}
