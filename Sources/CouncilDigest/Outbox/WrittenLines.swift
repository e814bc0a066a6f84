/// What a person wrote, as it stands in the HTML part of a letter: its lines stay, by breaks, which all mail programs
/// know.
struct WrittenLines {
  struct Line {
    var isFirst: Bool
    var pieces: [Piece]
  }

  struct Piece {
    var text: String
    /// Where it leads, when it is a link.
    var leadsTo: String?
  }

  let lines: [Line]

  /// - Parameter linked: whether its links lead somewhere; never those of strangers.
  init(_ text: String, linked: Bool) {
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { number, line in
      Line(isFirst: number == 0, pieces: linked ? Self.pieces(of: line) : [Piece(text: String(line))])
    }
  }

  private static func pieces(of line: Substring) -> [Piece] {
    var pieces: [Piece] = []
    var rest = line
    for word in line.split(whereSeparator: \.isWhitespace) {
      guard let link = WrittenText.link(in: word), let address = WebLink.check(String(link)) else { continue }
      pieces.append(Piece(text: String(rest[..<link.startIndex])))
      pieces.append(Piece(text: String(link), leadsTo: address))
      rest = rest[link.endIndex...]
    }
    return pieces + [Piece(text: String(rest))]
  }
}
