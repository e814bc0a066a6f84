/// A text as a cell of a CSV file that somebody may open in a spreadsheet. One that begins like a formula would be run there
/// (OWASP, CSV injection), so an apostrophe goes before it; an import takes it away again.
public enum SpreadsheetCell {
  public static func defused(_ text: String) -> String {
    isLikeFormula(text) ? "'" + text : text
  }

  /// Texts as a line of a table (RFC 4180 §2), without its end.
  public static func row(_ texts: [String]) -> String { texts.map { quoted(defused($0)) }.joined(separator: ",") }

  /// By scalars: a quote that an accent follows is another character, and CRLF is one, but not to who reads the file.
  private static func quoted(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { ",\"\n\r".unicodeScalars.contains($0) }) else { return text }
    let doubled = text.unicodeScalars.flatMap { $0 == "\"" ? [$0, $0] : [$0] }
    return "\"\(String(String.UnicodeScalarView(doubled)))\""
  }

  static func restored(_ cell: String) -> String {
    cell.hasPrefix("'") && isLikeFormula(cell) ? String(cell.dropFirst()) : cell
  }

  /// Also behind apostrophes: a text that had one keeps it.
  private static func isLikeFormula(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first(where: { $0 != "'" }) else { return false }
    // Spreadsheets that are set to Japanese take the wide forms too.
    return "=+-@\t\r\n＝＋－＠".unicodeScalars.contains(first)
  }
}
