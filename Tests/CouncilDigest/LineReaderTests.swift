import Foundation
import Testing

@testable import CouncilDigest

@Suite struct LineReaderTests {
  /// The lines of a text, read in portions of so many bytes; nil is a line that is too long.
  private func lines(_ text: String, portions: Int, maximumBytes: Int = 10) throws -> [String?] {
    let bytes = Array(text.utf8)
    var reader = LineReader(maximumBytes: maximumBytes) { Array(bytes.dropFirst($0).prefix(portions)) }
    var lines: [String?] = []
    while let line = try reader.next() {
      switch line {
      case .text(let bytes): lines.append(String(decoding: bytes, as: UTF8.self))
      case .tooLong: lines.append(nil)
      }
      #expect(reader.number == lines.count)
    }
    return lines
  }

  private static let cases: [(String, [String?])] = [
    ("", []), ("\n", [""]), ("a", ["a"]), ("a\n", ["a"]), ("a\nb", ["a", "b"]), ("a\n\nb\n", ["a", "", "b"]),
    ("a\r\nb\r\n", ["a", "b"]), ("a\r", ["a"]), ("a\rb\n", ["a\rb"]), ("\r\n", [""]),
    ("\u{FEFF}a\nb", ["a", "b"]), ("\u{FEFF}", [""]), ("a\n\u{FEFF}b", ["a", "\u{FEFF}b"]),
    ("0123456789\n01234567890\nx", ["0123456789", nil, "x"]), ("0123456789\r\nx", ["0123456789", "x"]),
    ("\u{FEFF}0123456789\r\n", ["0123456789"]),
    (String(repeating: "y", count: 1_000) + "\nx\n", [nil, "x"]), (String(repeating: "y", count: 1_000), [nil]),
    ("é\nß", ["é", "ß"]),
  ]

  @Test(arguments: cases.indices, [1, 2, 3, 7, 1_000])
  func `lines are the same however the bytes are cut`(_ index: Int, _ portions: Int) throws {
    let (text, expected) = Self.cases[index]
    #expect(try lines(text, portions: portions) == expected, "\(text.debugDescription)")
  }

  @Test func `of a giant line nothing is kept`() throws {
    let portion = [UInt8](repeating: 0x61, count: 262_144)
    var asked = 0
    var reader = LineReader(maximumBytes: 1_000) { offset in
      asked += 1
      if offset >= 256 * 262_144 { return offset == 256 * 262_144 ? Array("\nx".utf8) : [] }
      return portion
    }
    #expect(try reader.next() == .tooLong)
    #expect(try reader.next() == .text(Array("x".utf8)))
    #expect(try reader.next() == nil)
    #expect(asked == 259)
  }

  @Test func `what can't be read is not the end`() throws {
    struct Failure: Error {}
    var reader = LineReader(maximumBytes: 10) { offset in
      if offset == 0 { return Array("a\nb".utf8) }
      throw Failure()
    }
    #expect(try reader.next() == .text([0x61]))
    #expect(throws: Failure.self) { try reader.next() }
  }
}
