/// Writes a document as plain text for mail: wrapped lines, underlined headings, links whole and alone on their line.
public struct TextRenderer: Sendable {
  /// Columns to wrap at. Addresses are never broken.
  public var width: Int
  /// What headings are underlined with, by level from 2; the last serves all below.
  public var underlines: [Character]

  public init(width: Int = 72, underlines: [Character] = ["=", "-"]) {
    precondition(!underlines.isEmpty, "a heading needs an underline")
    self.width = width
    self.underlines = underlines
  }

  public func render(_ document: Document) -> String {
    var parts = document.blocks.map { block($0, width: width) }
    if !document.footnotes.isEmpty {
      let notes = document.footnotes.enumerated().map { index, note in
        hanging("[\(index + 1)] ", blocks(note.blocks, width: width - 4))
      }
      parts.append(notes.joined(separator: "\n"))
    }
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  /// A run of inline content as one wrapped paragraph, its links after it.
  public func render(_ inlines: [Document.Inline]) -> String { paragraph(inlines, width: width) }

  private func blocks(_ blocks: [Document.Block], width: Int) -> String {
    blocks.map { block($0, width: width) }.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private func block(_ block: Document.Block, width: Int) -> String {
    switch block {
    case .paragraph(let inlines): return paragraph(inlines, width: width)
    case .heading(let level, let inlines):
      let title = TextWrap.wrap(inlines.plainText, width: width)
      let longest = title.split(separator: "\n").map(\.count).max() ?? 0
      return title + "\n" + String(repeating: underlines[max(0, min(level - 2, underlines.count - 1))], count: longest)
    case .list(let start, let isTight, let items):
      let texts = items.enumerated().map { index, item in
        let mark = start.map { "\($0 + index). " } ?? "- "
        let separator = isTight ? "\n" : "\n\n"
        let content = item.map { self.block($0, width: width - mark.count) }.filter { !$0.isEmpty }
        return hanging(mark, content.joined(separator: separator))
      }
      return texts.joined(separator: isTight ? "\n" : "\n\n")
    case .quote(let inner):
      return blocks(inner, width: width - 2).split(separator: "\n", omittingEmptySubsequences: false)
        .map { line in
          // A quoted address would not be followed.
          line.isEmpty ? ">" : line.hasPrefix("http") && !line.contains(" ") ? String(line) : "> \(line)"
        }.joined(separator: "\n")
    case .code(let code):
      return code.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
        .joined(separator: "\n")
    case .rule: return String(repeating: "-", count: min(width, 30))
    }
  }

  private func paragraph(_ inlines: [Document.Inline], width: Int) -> String {
    var links: [String] = []
    let words = flat(inlines, &links)
    let text = words.split(separator: "\n", omittingEmptySubsequences: false)
      .map { TextWrap.wrap(String($0), width: width) }.joined(separator: "\n")
    return ([text] + links).filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private func flat(_ inlines: [Document.Inline], _ links: inout [String]) -> String {
    var text = ""
    for inline in inlines {
      switch inline {
      case .text(let words), .code(let words): text += liftingAddresses(words, &links)
      case .softBreak: text += " "
      case .lineBreak: text += "\n"
      case .emphasis(let inner): text += flat(inner, &links)
      case .strong(let inner): text += flat(inner, &links)
      case .link(let address, let inner):
        // A link whose words are its address, or that has none, still leaves a word where it stood.
        let isBare = ["", address].contains(inner.plainText)
        text += isBare ? "(link below)" : flat(inner, &links)
        links.append(address)
      case .footnote(let number, _): text += " [\(number)]"
      }
    }
    return text
  }

  /// An address inside running text moves to a line of its own after the paragraph, where no mail program cuts it.
  private func liftingAddresses(_ text: String, _ links: inout [String]) -> String {
    guard text.contains("://") else { return text }
    return text.split(separator: " ", omittingEmptySubsequences: false).map { word in
      guard let start = word.range(of: "https://") ?? word.range(of: "http://") else { return String(word) }
      let address = word[start.lowerBound...]
      let end = address.lastIndex { !".,;:!?)]”’\"'".contains($0) } ?? address.startIndex
      links.append(String(address[...end]))
      return word[..<start.lowerBound] + "(link below)" + address[address.index(after: end)...]
    }.joined(separator: " ")
  }

  private func hanging(_ mark: String, _ text: String) -> String {
    let indent = String(repeating: " ", count: mark.count)
    return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { index, line in
      index == 0 ? mark + line : line.isEmpty ? "" : indent + line
    }.joined(separator: "\n")
  }
}

/// Breaking running text into lines.
public enum TextWrap {
  /// Breaks at blanks so that no line passes `width` columns, but for words that are longer. Other blanks than ASCII's
  /// are there to hold words together.
  public static func wrap(_ text: String, width: Int) -> String {
    var wrapped = ""
    wrapped.reserveCapacity(text.utf8.count + 8)
    var column = 0
    for word in text.utf8.split(whereSeparator: isBlank) {
      let word = Substring(word)
      let columns = columns(of: word)
      if column > 0 {
        let fits = column + 1 + columns <= width
        wrapped += fits ? " " : "\n"
        column = fits ? column + 1 : 0
      }
      wrapped += word
      column += columns
    }
    return wrapped
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  private static func columns(of word: Substring) -> Int {
    word.utf8.allSatisfy { $0 < 0x80 } ? word.utf8.count : word.count
  }
}
