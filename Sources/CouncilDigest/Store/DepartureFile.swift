import Foundation

/// Who left or was erased, in a file beside the store that is only appended to: a store that is restored from a backup
/// would write to them again. Each line has a keyed hash of the address, which tells nothing without the store's key.
/// What is said here is durable before the person is told that they are gone.
final class DepartureFile: Sendable {
  enum Kind: String, CaseIterable, Sendable {
    case left, erased
    /// Came back by confirming anew.
    case returned
  }

  struct Entry: Equatable, Sendable {
    var kind: Kind
    /// A pseudonym of the address.
    var person: String
    var at: Date
  }

  private let path: String
  private let keys: KeyRing
  private let descriptor: Int32
  /// A sync blocks, and lines must not mix.
  private let queue = DispatchQueue(label: "departures")

  static func path(besideStoreAt storePath: String) -> String { storePath + "-left" }

  /// - Throws: `StoreProblem` when the file can't be opened.
  init(besideStoreAt storePath: String, keys: KeyRing) throws {
    path = Self.path(besideStoreAt: storePath)
    self.keys = keys
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      throw StoreProblem.unusable(path: path, problem: String(cString: strerror(errno)))
    }
  }

  deinit { close(descriptor) }

  /// Durable when this returns.
  /// - Throws: `StoreProblem.refusesWrites`; then nothing was written.
  func append(_ kind: Kind, _ address: String, at date: Date) async throws {
    let entry = Entry(kind: kind, person: Self.person(address, keys), at: date)
    try await withCheckedThrowingContinuation { continuation in
      queue.async { [self] in continuation.resume(with: Result { try write(entry.line) }) }
    }
  }

  static func person(_ address: String, _ keys: KeyRing) -> String {
    Base64URL.encode(Array(keys.pseudonym(of: "departure:\(address.lowercased())")))
  }

  private func write(_ line: String) throws {
    let length = lseek(descriptor, 0, SEEK_END)
    let bytes = Array(line.utf8)
    let written = Glibc.write(descriptor, bytes, bytes.count)
    guard written == bytes.count, fdatasync(descriptor) == 0 else {
      let problem = String(cString: strerror(errno))
      ftruncate(descriptor, length)
      throw StoreProblem.refusesWrites(path: path, problem: written < 0 ? problem : "the disk is full")
    }
  }

  /// What several files say, in the order of time, durable at `place` when this returns.
  static func write(_ texts: [String], to place: String) throws {
    let lines = texts.flatMap { $0.split(separator: "\n") }.map { (line: $0, at: Entry(line: $0)?.at ?? .distantPast) }
    let sorted = lines.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(
      \.element.line
    )
    let unfinished = place + ".unfinished"
    try StoreFile.writePrivately(sorted.map { "\n\($0)\n" }.joined(), to: unfinished)
    try StoreFile.move(unfinished, to: place)
  }

  /// What a file says last of each person. A line that was cut by a power failure is passed over.
  static func read(_ path: String) throws -> [String: Entry] {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    return text.split(separator: "\n").compactMap { Entry(line: $0) }.reduce(into: [:]) { $0[$1.person] = $1 }
  }
}

extension DepartureFile.Entry {
  /// It begins with an end, should the line before have been cut.
  fileprivate var line: String { "\n\(kind.rawValue) \(at.milliseconds) \(person)\n" }

  fileprivate init?(line: Substring) {
    let parts = line.split(separator: " ")
    guard parts.count == 3, let kind = DepartureFile.Kind(rawValue: String(parts[0])), let at = Int64(parts[1]),
      Base64URL.decode(String(parts[2]))?.count == 16
    else { return nil }
    self.init(kind: kind, person: String(parts[2]), at: Date(milliseconds: at))
  }
}
