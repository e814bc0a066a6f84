import Foundation

/// Which digests the relay took, in a file beside the store: one durable write for those of several workers. To change
/// a letter's row and its indexes durably costs many times that; it is done for hundreds at once, and a process that dies
/// between does it at its next start.
///
/// The file has two halves, so that letters go on being written down in one while those of the other are brought over.
/// What stands in a half counts while its generation is the one in the store, which moves on in the transaction that brings
/// its letters over, or while its heading says that it follows the half of that generation. So a journal can't be applied
/// twice, nor to a store it is not of.
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

  /// How many entries a half holds.
  static let capacity = linesInHalf - 1

  /// - Parameter generation: the store's.
  /// - Throws: `StoreProblem` when the file can't be made.
  init(besideStoreAt storePath: String, generation: Int64) throws {
    path = storePath + "-sent"
    self.generation = generation
    // A write is durable when it returns; that is less work than to write and then to sync.
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_DSYNC, 0o600)
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
    bytes.reserveCapacity((entries.count + 1) * SentJournalLine.byteCount)
    func add(_ content: SentJournalLine.Content) {
      SentJournalLine(generation: generation, content: content).encode(to: &bytes)
    }
    // A half begins with its heading.
    if lines == 0 { add(.heading(follows: generationBefore)) }
    for entry in entries { add(.taken(entry)) }
    let offset = off_t((half * Self.linesInHalf + lines) * SentJournalLine.byteCount)
    let written = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, offset) }
    guard written == bytes.count else { throw Self.problem(path, written: written) }
    lines += bytes.count / SentJournalLine.byteCount
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

  /// Bytes that were written before are made durable without a word about the file, and a full disk has room for them.
  private func makeRoom() throws {
    let wanted = 2 * Self.linesInHalf * SentJournalLine.byteCount
    let length = Int(lseek(descriptor, 0, SEEK_END))
    guard length < wanted else { return }
    let zeros = [UInt8](repeating: 0, count: wanted - length)
    let written = zeros.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(length)) }
    guard written == zeros.count else { throw Self.problem(path, written: written) }
    guard fsync(descriptor) == 0 else { throw Self.problem(path) }
  }

  // MARK: Lines

  private struct Half {
    var generation: Int64 = 0
    var follows: Int64 = 0
    var entries: [Entry] = []
  }

  private func readHalf(_ half: Int) throws -> Half {
    let size = Self.linesInHalf * SentJournalLine.byteCount
    var bytes = [UInt8](repeating: 0, count: size)
    let length = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(half * size)) }
    guard length >= 0 else { throw Self.problem(path) }
    var found = Half()
    for start in stride(from: 0, through: length - SentJournalLine.byteCount, by: SentJournalLine.byteCount) {
      guard let line = SentJournalLine(decoding: bytes[start..<(start + SentJournalLine.byteCount)]) else { break }
      if start == 0 { found.generation = line.generation }
      guard line.generation == found.generation else { break }
      switch line.content {
      case .heading(let follows): found.follows = follows
      case .taken(let entry): found.entries.append(entry)
      }
    }
    return found
  }

  /// - Parameter written: fewer bytes than there were, which says no reason of its own; else -1.
  private static func problem(_ path: String, written: Int = -1) -> StoreProblem {
    .unusable(path: path, problem: String(cString: strerror(written < 0 ? errno : ENOSPC)))
  }
}
