/// What a page may hold. What is stored has no hidden control characters (`PlainText`), but a page may say back what was
/// asked for or typed, and an override of the direction would make the words around it read as what they are not.
enum VisibleText {
  /// The text in UTF-8, with U+FFFD in the place of each.
  static func bytes(of text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    guard mayHide(bytes) else { return bytes }
    let scalars = text.unicodeScalars.map { isHidden($0) ? "\u{FFFD}" : $0 }
    return Array(String(String.UnicodeScalarView(scalars)).utf8)
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D: false
    case 0x00...0x1F, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  /// By what their encodings begin with, since nearly every page has none.
  private static func mayHide(_ bytes: [UInt8]) -> Bool {
    var before: UInt8 = 0
    for byte in bytes {
      switch (before, byte) {
      case (_, 0x09), (_, 0x0A), (_, 0x0D): break
      case (_, 0x00...0x1F), (_, 0x7F), (0xC2, 0x80...0x9F), (0x80, 0xAA...0xAE), (0x81, 0xA6...0xA9): return true
      default: break
      }
      before = byte
    }
    return false
  }
}
