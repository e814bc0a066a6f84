import Markdown

/// Text as it may stand in XML 1.0, between tags and in quoted attributes.
enum XMLText {
  /// The five marks of markup are escaped, `>` among them, so that `]]>` never stands (XML 1.0 §2.4); what XML has no way
  /// to write is dropped.
  static func escape(_ text: String) -> String {
    HTML.escape(String(String.UnicodeScalarView(text.unicodeScalars.filter(isCharacter))))
  }

  /// XML 1.0 §2.2.
  private static func isCharacter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }
}
