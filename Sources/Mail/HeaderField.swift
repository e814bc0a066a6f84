/// Header fields as text: folded at blanks (RFC 5322 §2.2.3), other than ASCII in encoded words (RFC 2047).
enum HeaderField {
  private static let lineLength = 76
  private static let longestWord = 800

  /// A field whose value is free text. Control characters become spaces, so no value can start another field.
  static func unstructured(_ name: String, _ value: String) -> String {
    // A link, as most fields of a copy are, has no blank to fold at but the first.
    if value.utf8.count <= longestWord, value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3D }) {
      let fits = name.utf8.count + value.utf8.count + 2 <= lineLength
      return fits ? "\(name): \(value)" : "\(name):\r\n \(value)"
    }
    let clean = String(
      String.UnicodeScalarView(value.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 })
    )
    // A word that no line could hold (RFC 5322 §2.1.1) is cut by encoding it.
    let hasEndlessWord = clean.split(separator: " ").contains { $0.utf8.count > longestWord }
    guard clean.utf8.allSatisfy({ $0 < 0x80 }), !clean.contains("=?"), !hasEndlessWord else {
      return "\(name): " + encodedWords(clean, firstLineUsed: name.utf8.count + 2)
    }
    return folded("\(name): \(clean)")
  }

  static func mailbox(_ name: String, _ mailbox: Mailbox) -> String {
    guard !mailbox.name.isEmpty else { return "\(name): \(mailbox.address)" }
    let isPlain = mailbox.name.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && !mailbox.name.contains("=?")
    guard isPlain else {
      return "\(name): \(encodedWords(mailbox.name, firstLineUsed: name.utf8.count + 2))\r\n <\(mailbox.address)>"
    }
    let quoted = mailbox.name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return folded("\(name): \"\(quoted)\" <\(mailbox.address)>")
  }

  /// Breaks before a blank where a line would pass 76 bytes. A word longer than that stays whole.
  private static func folded(_ field: String) -> String {
    var result = ""
    var column = 0
    for (number, word) in field.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
      let width = word.utf8.count + 1
      // Never before the first word of the value, nor where the next line would be blank.
      if number > 1, column + width > lineLength, !word.isEmpty {
        result += "\r\n"
        column = 0
      }
      if number > 0 { result += " " }
      result += word
      column += width
    }
    return result
  }

  /// RFC 2047: base64 words of at most 75 characters, never splitting a character.
  private static func encodedWords(_ text: String, firstLineUsed: Int) -> String {
    var words: [String] = []
    var pending: [UInt8] = []
    var room = wordBytes(onLineWith: firstLineUsed)
    for character in text {
      let bytes = Array(String(character).utf8)
      if !pending.isEmpty, pending.count + bytes.count > room {
        words.append(encodedWord(pending))
        pending = []
        room = wordBytes(onLineWith: 1)
      }
      pending += bytes
    }
    words.append(encodedWord(pending))
    return words.joined(separator: "\r\n ")
  }

  /// The bytes that fit: `=?utf-8?B?` and `?=` take 12 of the line, and base64 makes 4 characters of 3 bytes.
  private static func wordBytes(onLineWith used: Int) -> Int {
    max(3, (min(75, lineLength - used) - 12) / 4 * 3)
  }

  private static func encodedWord(_ bytes: [UInt8]) -> String { "=?utf-8?B?\(Base64.encode(bytes))?=" }
}
