import Foundation
import Markdown

/// The piece of a meeting's text that a query matched, the matching words marked.
struct MatchExtract: Codable, Hashable, Sendable {
  /// The words that matched stand between STX and ETX, which no text from outside contains.
  let marked: String

  static let start: Character = "\u{2}"
  static let end: Character = "\u{3}"

  init(marked: String) {
    self.marked = marked.split(separator: "\n").map { line in
      line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }.filter { !$0.isEmpty }.joined(separator: " · ")
  }

  /// With `<mark>` around the words; everything else is escaped.
  func html(markStyle: String? = nil) -> String {
    let mark = markStyle.map { "<mark style=\"\($0)\">" } ?? "<mark>"
    return HTML.escape(marked).replacing(String(Self.start), with: mark).replacing(String(Self.end), with: "</mark>")
  }

  /// With asterisks around the words.
  var text: String { String(marked.map { $0 == Self.start || $0 == Self.end ? "*" : $0 }) }
}
