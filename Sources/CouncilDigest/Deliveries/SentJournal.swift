import Foundation

/// Which digests the relay took, in a file beside the store: one write and one sync for those of several workers. To change
/// a letter's row and its indexes durably costs many times that; it is done for hundreds at once, and a process that dies
/// between does it at its next start.
///
/// The file has two halves, so that letters go on being written down in one while those of the other are brought over.
/// What stands in a half counts while its generation is the one in the store, which moves on in the transaction that brings
/// its letters over, or while its heading says that it follows the half of that generation. So a journal can't be applied
/// twice, nor to a store it is not of.
///
/// A line is four little-endian words of 64 bits: the generation, the letter's number, when it was taken in milliseconds, and
/// a check of the three. A half begins with its heading: its generation, the one it follows, -1, and the check.
final class SentJournal {
  /// A letter that was taken.
  struct Entry: Equatable, Sendable {
    var letter: Int64
    var sentAt: Date
  }

  private let descriptor: Int32
  private let path: String
  private var half = 0
  /// Lines in this half, with its heading.
  private var lines = 0
  private var generation: Int64
  /// Of the other half.
  private var generationBefore: Int64 = 0

  private static let linesInHalf = 4_096
  private static let lineBytes = 32
  private static let headingMark: Int64 = -1

  /// How many entries a half holds.
  static let capacity = linesInHalf - 1

  /// - Parameter generation: the store's.
  /// - Throws: `StoreProblem` when the file can't be made.
  init(besideStoreAt storePath: String, generation: Int64) throws {
    path = storePath + "-sent"
    self.generation = generation
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw Self.problem(path) }
    do {
      try makeRoom()
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit { close(descriptor) }

  /// What a process that died left and did not bring over.
  func read() throws -> [Entry] {
    let halves = try [0, 1].map(readHalf)
    guard let first = halves.first(where: { $0.generation == generation }) else { return [] }
    let next = halves.first { $0.follows == generation }
    // Where an attempt to append failed after all, a letter may stand in both.
    let known = Set(first.entries.map(\.letter))
    return first.entries + (next?.entries ?? []).filter { !known.contains($0.letter) }
  }

  /// How many entries fit before the next turn.
  var room: Int { Self.linesInHalf - max(1, lines) }

  /// Durable when this returns.
  /// - Throws: `StoreProblem`; what was appended then counts, or does not, and may be appended again.
  func append(_ entries: [Entry]) throws {
    precondition(entries.count <= room, "letters are brought over before there is no room")
    var bytes: [UInt8] = []
    bytes.reserveCapacity((entries.count + 1) * Self.lineBytes)
    if lines == 0 { encode([generation, generationBefore, Self.headingMark], to: &bytes) }
    for entry in entries { encode([generation, entry.letter, entry.sentAt.milliseconds], to: &bytes) }
    let offset = off_t((half * Self.linesInHalf + lines) * Self.lineBytes)
    let written = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, offset) }
    guard written == bytes.count, fdatasync(descriptor) == 0 else { throw Self.problem(path) }
    lines += bytes.count / Self.lineBytes
  }

  /// What is appended from now on goes into the other half, whose own letters must have been brought over.
  /// - Returns: the generation that begins, which the store takes over together with the letters of this half.
  func turnOver() -> Int64 {
    generationBefore = generation
    // At random: a copy of the store that went other ways never meets this journal's lines by its own count.
    generation = .random(in: 1...(1 << 62))
    (half, lines) = (1 - half, 0)
    return generation
  }

  /// Bytes that were written before are synced without a word about the file, and a full disk has room for them.
  private func makeRoom() throws {
    let wanted = 2 * Self.linesInHalf * Self.lineBytes
    let length = Int(lseek(descriptor, 0, SEEK_END))
    guard length < wanted else { return }
    let zeros = [UInt8](repeating: 0, count: wanted - length)
    let written = zeros.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(length)) }
    guard written == zeros.count, fsync(descriptor) == 0 else { throw Self.problem(path) }
  }

  // MARK: Lines

  private struct Half {
    var generation: Int64 = 0
    var follows: Int64 = 0
    var entries: [Entry] = []
  }

  private func readHalf(_ half: Int) throws -> Half {
    let size = Self.linesInHalf * Self.lineBytes
    var bytes = [UInt8](repeating: 0, count: size)
    let length = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(half * size)) }
    guard length >= 0 else { throw Self.problem(path) }
    var found = Half()
    for start in stride(from: 0, through: length - Self.lineBytes, by: Self.lineBytes) {
      guard let words = Self.words(bytes[start..<(start + Self.lineBytes)]) else { break }
      if start == 0 { found.generation = words[0] }
      guard words[0] == found.generation else { break }
      if words[2] == Self.headingMark {
        found.follows = words[1]
      } else {
        found.entries.append(Entry(letter: words[1], sentAt: Date(milliseconds: words[2])))
      }
    }
    return found
  }

  private func encode(_ words: [Int64], to bytes: inout [UInt8]) {
    for word in words + [Self.check(words)] { withUnsafeBytes(of: word.littleEndian) { bytes += $0 } }
  }

  /// Nil for what was not written whole.
  private static func words(_ line: ArraySlice<UInt8>) -> [Int64]? {
    let words = stride(from: line.startIndex, to: line.endIndex, by: 8).map { start in
      line[start..<(start + 8)].reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
    }
    return words[0] != 0 && words[3] == check(Array(words[..<3])) ? Array(words[..<3]) : nil
  }

  /// Tells a line that was torn by a power cut; FNV-1a by words.
  private static func check(_ words: [Int64]) -> Int64 {
    Int64(
      bitPattern: words.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64(bitPattern: $1)) &* 0x100_0000_01b3 }
    )
  }

  private static func problem(_ path: String) -> StoreProblem {
    .unusable(path: path, problem: String(cString: strerror(errno)))
  }
}
