import Foundation
import Markdown

/// The piece of a meeting's text that a query matched, the matching words marked.
struct MatchExtract: Codable, Hashable, Sendable {
  /// The words that matched stand between STX and ETX, which no text from outside contains.
  let marked: String

  static let start: Character = "\u{2}"
  static let end: Character = "\u{3}"

  /// - Parameter marked: a piece of a text; its lines are joined by dots, and each gap between words is one space.
  init(marked: String) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(marked.utf8.count + 16)
    var gap: [UInt8] = []
    for byte in marked.utf8 {
      switch byte {
      case 0x0A: gap = Self.betweenLines
      case 0x20, 0x09, 0x0D: if gap.isEmpty { gap = [0x20] }
      default:
        if !gap.isEmpty {
          if !bytes.isEmpty { bytes += gap }
          gap = []
        }
        bytes.append(byte)
      }
    }
    self.marked = String(decoding: bytes, as: UTF8.self)
  }

  /// One that was kept.
  init(stored marked: String) { self.marked = marked }

  private static let betweenLines = Array(" · ".utf8)

  /// With `<mark>` around the words; everything else is escaped.
  func html(markStyle: String? = nil) -> String {
    let mark = markStyle.map { "<mark style=\"\($0)\">" } ?? "<mark>"
    return HTML.escape(marked).replacing(String(Self.start), with: mark).replacing(String(Self.end), with: "</mark>")
  }

  /// With asterisks around the words.
  var text: String { String(marked.map { $0 == Self.start || $0 == Self.end ? "*" : $0 }) }
}
