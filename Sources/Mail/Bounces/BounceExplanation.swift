/// What the server wrote, without the letter it returns.
struct BounceExplanation {
  private(set) var text = ""
  /// What stood in the same part behind the explanation: the returned letter, or its header.
  private(set) var returned = ""

  init(of root: MIMEPart) {
    let lines = Self.unquoted(Self.words(of: root)).split(separator: "\n", omittingEmptySubsequences: false)
    let cut = lines.dropFirst().firstIndex(where: Self.startsLetter) ?? lines.endIndex
    text = lines[..<cut].joined(separator: "\n")
    returned = lines[cut...].joined(separator: "\n")
  }

  /// The lines that tell why, or the first ones.
  var diagnostic: String {
    let lines = text.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
    let telling = lines.firstIndex { BounceStatus.find(in: $0) != nil || BounceStatus.code(in: $0) != nil }
    return telling.map { lines[$0...].prefix(3).joined(separator: " ") } ?? lines.prefix(6).joined(separator: " ")
  }

  /// The first text that is not blank, plain before HTML.
  private static func words(of root: MIMEPart) -> String {
    let readable = root.surface.filter { part in
      part.parts.isEmpty && part.type.hasPrefix("text/") && part.type != "text/rfc822-headers"
        && part.body.contains { $0 > 0x20 }
    }
    guard let part = readable.first(where: { $0.type != "text/html" }) ?? readable.first else { return "" }
    let words = part.text
    let isHTML = part.type == "text/html" || words.utf8.prefix(2_000).contains(0x3C) && words.contains("<html")
    return BounceText.readable(words, isHTML: isHTML)
  }

  /// Somebody passes a report on, quoted.
  private static func unquoted(_ text: String) -> String {
    let lines = text.split(separator: "\n")
    guard lines.count > 5, lines.count(where: { $0.hasPrefix(">") }) * 2 > lines.count else { return text }
    return lines.map { $0.hasPrefix(">") ? $0.drop { $0 == ">" || $0 == " " } : $0 }.joined(separator: "\n")
  }

  private static func startsLetter(_ line: Substring) -> Bool {
    let start = line.drop { " \t->*=".contains($0) }.prefix(50).lowercased()
    return letterStarts.contains(where: start.hasPrefix)
  }

  private static let letterStarts = [
    "below this line is a copy", "below is a copy", "this is a copy of", "here is a copy of", "a copy of the original",
    "the original message header", "the original message follows", "the original message is", "the header of the ori",
    "the headers of the ori", "the following message header", "original message", "sent message", "unsent message",
    "returned message", "returned mail follows", "start of returned", "old message:", "header of the source",
    "message header", "message text follows", "your message begins", "your message follows",
    "your message is attached", "return-path:", "received: from", "received: by", "received: (", "texto original",
    "mensaje original", "message d'origine", "ursprüngliche nachricht",
  ]
}
