import Foundation

/// RFC 2047 words in a field's value, in the charsets that are met: what can't be read stays as it was.
enum EncodedWords {
  private static let maximumBytes = 2_000

  static func decoded(_ value: String) -> String {
    guard value.contains("=?"), value.utf8.count <= maximumBytes else { return value }
    var result = ""
    var rest = value[...]
    var endedWithWord = false
    while let match = rest.firstMatch(of: word) {
      let between = rest[..<match.range.lowerBound]
      // White space between two words belongs to neither.
      if !(endedWithWord && between.allSatisfy(\.isWhitespace)) { result += between }
      let text = decode(String(match.1), isBase64: match.2.lowercased() == "b", String(match.3))
      result += text ?? String(match.0)
      endedWithWord = text != nil
      rest = rest[match.range.upperBound...]
    }
    return result + rest
  }

  // because a Regex is a value that nothing changes.
  nonisolated(unsafe) private static let word =
    /=\?([^?\s]+)\?([bBqQ])\?([^?\s]*)\?=/

  private static func decode(_ charset: String, isBase64: Bool, _ text: String) -> String? {
    let bytes: [UInt8]
    if isBase64 {
      guard let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters) else { return nil }
      bytes = Array(data)
    } else {
      bytes = QuotedPrintable.decoded(text.replacing("_", with: " ").utf8)
    }
    return Charset.text(bytes, charset)
  }
}
