import Foundation

/// Who left or was erased, in a file beside the store that is only appended to: a store that is restored from a backup
/// would write to them again. Each line has keyed hashes of the address and of the
/// subscriber's ids, which tell nothing without the store's key.
/// What is said here is durable before the person is told that they are gone.
final class DepartureFile: Sendable {
  enum Kind: String, CaseIterable, Sendable {
    case left, erased
    /// Came back by confirming anew.
    case returned
  }

  /// Somebody who goes or comes back. They are found by their ids as well: the address may have been another when a
  /// backup was taken. An id is never given again.
  struct Person: Equatable, Sendable {
    var address: String
    /// With those of other addresses that were theirs.
    var ids: [Int64]
  }

  struct Entry: Equatable, Sendable {
    var kind: Kind
    /// Pseudonyms of the address and of the ids.
    var pseudonyms: [String]
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
  func append(_ kind: Kind, _ person: Person, at date: Date) async throws {
    let line = entry(kind, person, at: date).line
    try await withCheckedThrowingContinuation { continuation in
      queue.async { [self] in continuation.resume(with: Result { try write(line) }) }
    }
  }

  /// The same for several, on a thread that may block.
  func appendBlocking(_ kind: Kind, _ people: [Person], at date: Date) throws {
    guard !people.isEmpty else { return }
    let lines = people.map { entry(kind, $0, at: date).line }.joined()
    try queue.sync { try write(lines) }
  }

  private func entry(_ kind: Kind, _ person: Person, at date: Date) -> Entry {
    let ids = person.ids.map { Self.pseudonym(ofSubscriber: $0, keys) }
    return Entry(kind: kind, pseudonyms: [Self.pseudonym(of: person.address, keys)] + ids, at: date)
  }

  static func pseudonym(of address: String, _ keys: KeyRing) -> String {
    Base64URL.encode(Array(keys.pseudonym(of: "departure:\(address.lowercased())")))
  }

  /// Not the id itself: the file of another installation has the same ids, and must not match.
  static func pseudonym(ofSubscriber id: Int64, _ keys: KeyRing) -> String {
    Base64URL.encode(Array(keys.pseudonym(of: "departure-id:\(id)")))
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

  /// What it says by now.
  func entries() throws -> [String: Entry] { try Self.read(path) }

  /// As `read`, of a file that somebody names.
  /// - Throws: `StoreProblem` when it is another kind of file.
  static func readNamed(_ path: String) throws -> [String: Entry] {
    let text: String
    do {
      text = try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      throw StoreProblem.unusable(path: path, problem: "it can’t be read")
    }
    let isAnother = text.split(separator: "\n").contains { line in
      let isCut = Kind.allCases.contains { line.hasPrefix($0.rawValue) || $0.rawValue.hasPrefix(line) }
      return Entry(line: line) == nil && !isCut && !line.allSatisfy { $0 == "\0" }
    }
    guard !isAnother else {
      throw StoreProblem.unusable(
        path: path,
        problem: "this is not a file that remembers who left; its name ends in -left"
      )
    }
    return try read(path)
  }

  /// What a file says last of each pseudonym. A line that was cut by a power failure is passed over.
  static func read(_ path: String) throws -> [String: Entry] {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    return text.split(separator: "\n").compactMap { Entry(line: $0) }.reduce(into: [:]) { entries, entry in
      for pseudonym in entry.pseudonyms { entries[pseudonym] = entry }
    }
  }
}

extension DepartureFile.Entry {
  /// It begins with an end, should the line before have been cut.
  fileprivate var line: String {
    "\n\(kind.rawValue) \(at.milliseconds) \(pseudonyms.joined(separator: " "))\n"
  }

  fileprivate init?(line: Substring) {
    let parts = line.split(separator: " ").map(String.init)
    guard parts.count >= 3, let kind = DepartureFile.Kind(rawValue: parts[0]), let at = Int64(parts[1]),
      parts.dropFirst(2).allSatisfy({ Base64URL.decode($0)?.count == 16 })
    else { return nil }
    self.init(kind: kind, pseudonyms: Array(parts.dropFirst(2)), at: Date(milliseconds: at))
  }
}
