import Foundation
import Markdown

/// A transcript as people read it: paragraphs with who speaks and when, each with an address of its own.
struct Transcript: Equatable, Sendable {
  struct Paragraph: Equatable, Sendable {
    /// As it was written, such as `00:12:40`.
    var time: String?
    var speaker: String?
    var text: String
  }

  let paragraphs: [Paragraph]

  /// A blank line ends a paragraph, and so does a line that begins with who speaks.
  init(parsing text: String) {
    var paragraphs: [Paragraph] = []
    var isOpen = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let words = line.trimmingCharacters(in: .whitespaces)
      guard !words.isEmpty else {
        isOpen = false
        continue
      }
      let paragraph = Self.paragraph(words)
      if isOpen, paragraph.speaker == nil, paragraph.time == nil {
        paragraphs[paragraphs.count - 1].text += " " + words
      } else {
        paragraphs.append(paragraph)
        isOpen = true
      }
    }
    self.paragraphs = paragraphs
  }

  private static func paragraph(_ line: String) -> Paragraph {
    let (time, words) = timed(line)
    guard let colon = words.utf8.prefix(longestSpeaker).firstIndex(of: UInt8(ascii: ":")) else {
      return Paragraph(time: time, text: words)
    }
    let rest = words[words.utf8.index(after: colon)...]
    let name = words[..<colon]
    guard rest.isEmpty || rest.utf8.first == UInt8(ascii: " "), isSpeaker(name) else {
      return Paragraph(time: time, text: words)
    }
    return Paragraph(time: time, speaker: String(name), text: rest.trimmingCharacters(in: .whitespaces))
  }

  /// `[00:12:40]`, `(12:40)` or `00:12:40` at the beginning.
  private static func timed(_ line: String) -> (time: String?, rest: String) {
    let first = line.utf8.first ?? 0
    guard first == UInt8(ascii: "[") || first == UInt8(ascii: "(") || (0x30...0x39).contains(first),
      let match = line.prefixMatch(of: /[\[(]?((?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?)[\])]?(?:\s+-)?(?:\s+|$)/)
    else { return (nil, line) }
    return (String(match.1), String(line[match.range.upperBound...]))
  }

  private static let longestSpeaker = 80
  private static let smallWords: Set<Substring> = ["of", "the", "for", "and", "de", "van", "von", "al"]

  /// Names and offices are written with capitals; a sentence that leads up to a list is not.
  private static func isSpeaker(_ text: Substring) -> Bool {
    let words = text.split(separator: " ")
    guard (1...8).contains(words.count), text.first?.isUppercase == true else { return false }
    return words.allSatisfy { word in
      let letters = word.drop { "(\"‘'".contains($0) }
      return smallWords.contains(word) || letters.first.map { $0.isUppercase || $0.isNumber || $0 == "&" } ?? false
    }
  }

  /// Built by hand: a long one has a hundred thousand paragraphs.
  var html: String {
    var html = ""
    for (index, paragraph) in paragraphs.enumerated() {
      let number = index + 1
      html +=
        "<p id=\"p\(number)\"><a class=\"number\" href=\"#p\(number)\" aria-label=\"Paragraph \(number)\">\(number)</a> "
      if let time = paragraph.time { html += "<span class=\"soft\">\(HTML.escape(time))</span> " }
      if let speaker = paragraph.speaker { html += "<b>\(HTML.escape(speaker)):</b> " }
      html += "\(HTML.escape(paragraph.text))</p>\n"
    }
    return html
  }
}
