import Foundation

/// Which digests the relay took, in a file beside the store: one write and one sync for those of several workers. To change
/// a letter's row and its indexes durably costs many times that; it is done for hundreds at once, and a process that dies
/// between does it at its next start.
///
/// The file is a ring of one lap: what stands in it counts while its generation is the one in the store, which moves on in the
/// transaction that brings the letters over. So a journal can't be applied twice, nor to a store it is not of.
final class SentJournal {
  /// A letter that was taken.
  struct Entry: Equatable, Sendable {
    var letter: Int64
    var sentAt: Date
  }

  private let descriptor: Int32
  private let path: String
  private(set) var count = 0

  /// Beyond, letters must be brought over first.
  static let capacity = 4_096
  private static let entryBytes = 32

  /// - Throws: `StoreProblem` when the file can't be made.
  init(besideStoreAt storePath: String) throws {
    path = storePath + "-sent"
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

  /// Durable when this returns.
  /// - Throws: `StoreProblem`; what was appended then counts, or does not, and may be appended again.
  func append(_ entries: [Entry], generation: Int64) throws {
    precondition(count + entries.count <= Self.capacity, "letters are brought over before the journal is full")
    var bytes: [UInt8] = []
    bytes.reserveCapacity(entries.count * Self.entryBytes)
    for entry in entries { Self.encode(entry, generation, to: &bytes) }
    let written = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(count * Self.entryBytes)) }
    guard written == bytes.count, fdatasync(descriptor) == 0 else { throw Self.problem(path) }
    count += entries.count
  }

  /// The store's generation moved on: what stands here counts no more.
  func begin() { count = 0 }

  /// What a process that died wrote in this generation.
  func read(generation: Int64) throws -> [Entry] {
    var bytes = [UInt8](repeating: 0, count: Self.capacity * Self.entryBytes)
    let length = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    guard length >= 0 else { throw Self.problem(path) }
    var entries: [Entry] = []
    while (entries.count + 1) * Self.entryBytes <= length {
      let start = entries.count * Self.entryBytes
      guard let entry = Self.entry(bytes[start..<(start + Self.entryBytes)], generation) else { break }
      entries.append(entry)
    }
    count = entries.count
    return entries
  }

  /// Bytes that were written before are synced without a word about the file, and a full disk has room for them.
  private func makeRoom() throws {
    let wanted = Self.capacity * Self.entryBytes
    guard lseek(descriptor, 0, SEEK_END) < off_t(wanted) else { return }
    let zeros = [UInt8](repeating: 0, count: wanted)
    let written = zeros.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    guard written == wanted, fsync(descriptor) == 0 else { throw Self.problem(path) }
  }

  private static func encode(_ entry: Entry, _ generation: Int64, to bytes: inout [UInt8]) {
    let words = [generation, entry.letter, entry.sentAt.milliseconds]
    for word in words + [check(words)] { withUnsafeBytes(of: word.littleEndian) { bytes += $0 } }
  }

  /// Nil for what was not written whole, or in another generation.
  private static func entry(_ bytes: ArraySlice<UInt8>, _ generation: Int64) -> Entry? {
    let words = stride(from: bytes.startIndex, to: bytes.endIndex, by: 8).map { start in
      bytes[start..<(start + 8)].reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
    }
    guard words[0] == generation, words[3] == check(Array(words[..<3])) else { return nil }
    return Entry(letter: words[1], sentAt: Date(milliseconds: words[2]))
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
