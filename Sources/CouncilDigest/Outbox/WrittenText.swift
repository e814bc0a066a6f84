import Markdown

/// What a person wrote, as it stands in the text part of a letter: its lines and paragraphs stay, and each link is whole and
/// alone on its line.
enum WrittenText {
  static func laidOut(_ text: String) -> String { lines(of: text, width: 72).joined(separator: "\n") }

  static func quoted(_ text: String) -> String {
    lines(of: text, width: 70).map { $0.isEmpty ? ">" : "> \($0)" }.joined(separator: "\n")
  }

  private static func lines(of text: String, width: Int) -> [Substring] {
    var lines: [Substring] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let pieces = pieces(of: line)
      if pieces.isEmpty { lines.append("") }
      for piece in pieces {
        lines += piece.isLink ? [Substring(piece.text)] : TextWrap.wrap(piece.text, width: width).split(separator: "\n")
      }
    }
    return lines
  }

  private static func pieces(of line: Substring) -> [(text: String, isLink: Bool)] {
    var pieces: [(text: String, isLink: Bool)] = []
    for word in line.split(whereSeparator: \.isWhitespace) {
      if let link = link(in: word) {
        pieces.append((String(link), true))
      } else if let last = pieces.last, !last.isLink {
        pieces[pieces.count - 1].text += " \(word)"
      } else {
        pieces.append((String(word), false))
      }
    }
    return pieces
  }

  /// Without the brackets around it, and without the mark that ends the sentence: the end of the line does.
  static func link(in word: Substring) -> Substring? {
    let start = word.drop { "(<[\"“‘'".contains($0) }
    guard start.lowercased().hasPrefix("http://") || start.lowercased().hasPrefix("https://") else { return nil }
    var link = start
    while let last = link.last, ".,;:!?>]\"”’')".contains(last) {
      // One of the address's own.
      if last == ")", link.count(where: { $0 == "(" }) >= link.count(where: { $0 == ")" }) { break }
      link.removeLast()
    }
    return link
  }
}
