import Foundation

/// A line of the journal: four little-endian words of 64 bits. Of a letter these are the generation, its number, when it
/// was taken in milliseconds, and a check of the three; of the heading of a half, its generation, the one it follows, -1,
/// and the check.
struct SentJournalLine: Equatable, Sendable {
  enum Content: Equatable, Sendable {
    case heading(follows: Int64)
    case taken(SentJournal.Entry)
  }

  var generation: Int64
  var content: Content

  static let byteCount = 32
  private static let headingMark: Int64 = -1

  init(generation: Int64, content: Content) {
    self.generation = generation
    self.content = content
  }

  /// Nil for what was not written whole.
  init?(decoding bytes: ArraySlice<UInt8>) {
    let words = stride(from: bytes.startIndex, to: bytes.endIndex, by: 8).map { start in
      bytes[start..<(start + 8)].reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
    }
    guard words[0] != 0, words[3] == Self.check(words[0], words[1], words[2]) else { return nil }
    generation = words[0]
    content =
      words[2] == Self.headingMark
      ? .heading(follows: words[1]) : .taken(.init(letter: words[1], sentAt: Date(milliseconds: words[2])))
  }

  func encode(to bytes: inout [UInt8]) {
    let (second, third) =
      switch content {
      case .heading(let follows): (follows, Self.headingMark)
      case .taken(let entry): (entry.letter, entry.sentAt.milliseconds)
      }
    let check = Self.check(generation, second, third)
    withUnsafeBytes(of: (generation.littleEndian, second.littleEndian, third.littleEndian, check.littleEndian)) {
      bytes += $0
    }
  }

  /// Tells a line that was torn by a power cut; FNV-1a by words.
  private static func check(_ first: Int64, _ second: Int64, _ third: Int64) -> Int64 {
    func hash(_ hash: UInt64, _ word: Int64) -> UInt64 { (hash ^ UInt64(bitPattern: word)) &* 0x100_0000_01b3 }
    return Int64(bitPattern: hash(hash(hash(0xcbf2_9ce4_8422_2325, first), second), third))
  }
}
