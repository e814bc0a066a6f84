/// The template library escapes the five marks of HTML by characters. A mark that an accent or a joiner follows is
/// another character to it, but not to a browser: `"` with an accent would end an attribute.
enum MarkSeparation {
  private static let marks = Set("<>&\"'".unicodeScalars)
  private static let wordJoiner: Unicode.Scalar = "\u{2060}"

  /// The text with a word joiner, which has no width, between such a mark and what would combine with it.
  static func separated(_ text: String) -> String {
    guard mayCombine(text) else { return text }
    var result = String.UnicodeScalarView()
    var before: Unicode.Scalar = " "
    for scalar in text.unicodeScalars {
      if !scalar.isASCII, marks.contains(before), isOneCharacter(before, scalar) { result.append(wordJoiner) }
      result.append(scalar)
      before = scalar
    }
    return String(result)
  }

  /// Nearly no text does: what combines begins at U+0300, which in UTF-8 begins with 0xCC.
  private static func mayCombine(_ text: String) -> Bool {
    var before: UInt8 = 0
    for byte in text.utf8 {
      if byte >= 0xCC, marks.contains(Unicode.Scalar(before)) { return true }
      before = byte
    }
    return false
  }

  private static func isOneCharacter(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Bool {
    String(String.UnicodeScalarView([first, second])).count == 1
  }
}
