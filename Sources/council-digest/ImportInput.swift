import Foundation

/// A file or standard input on its way into the service, whole lines at a time.
struct ImportInput {
  struct Part {
    var bytes: [UInt8]
    var linesBefore: Int
  }

  struct Unreadable: Error, CustomStringConvertible {
    var description: String
  }

  private let handle: FileHandle
  /// Of a file; nothing tells how much comes through a pipe.
  private let totalBytes: Int?
  private var readBytes = 0
  private var linesBefore = 0
  /// Read and not sent.
  private var rest: [UInt8] = []
  private var isAtEnd = false
  /// Read ahead, to look at.
  private var beginning: [UInt8]?

  private static let lineFeed: UInt8 = 0x0A
  private static let pieceBytes = 262_144
  /// So many make a part, with the rest of the line they end in.
  private static let partBytes = 1_048_576
  /// No line of an import is as long; what follows of one that is would be thrown away there.
  private static let longestPart = 16_777_216

  /// - Parameter path: - is standard input.
  init(_ path: String) throws {
    guard path != "-" else {
      (handle, totalBytes) = (.standardInput, nil)
      return
    }
    do {
      handle = try FileHandle(forReadingFrom: URL(filePath: path))
    } catch {
      throw Unreadable(description: "\(path) can’t be read: there is no such file, or it is not yours to read")
    }
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    guard attributes[.type] as? FileAttributeType != .typeDirectory else {
      throw Unreadable(description: "\(path) is a folder, not a file")
    }
    totalBytes = (attributes[.size] as? Int).flatMap { $0 > 0 ? $0 : nil }
  }

  /// Whether the first line names columns, an address among them.
  mutating func beginsAsTable() throws -> Bool {
    let piece = try nextPiece()
    beginning = piece
    let line = String(decoding: piece.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self).lowercased()
    return !line.contains("{") && line.contains("email") && [",", ";", "\t"].contains(where: line.contains)
  }

  /// Empty at the end.
  mutating func nextPiece() throws -> [UInt8] {
    if let piece = beginning {
      beginning = nil
      return piece
    }
    let piece = try handle.read(upToCount: Self.pieceBytes).map { [UInt8]($0) } ?? []
    readBytes += piece.count
    isAtEnd = piece.isEmpty
    return piece
  }

  /// Nil at the end.
  mutating func nextPart() throws -> Part? {
    while rest.count < Self.partBytes, !isAtEnd { rest += try nextPiece() }
    var hasLine = rest.contains(Self.lineFeed)
    while !isAtEnd, !hasLine {
      let piece = try nextPiece()
      let end = piece.firstIndex(of: Self.lineFeed)
      rest += rest.count < Self.longestPart ? piece[...] : piece[(end ?? piece.endIndex)...]
      hasLine = end != nil
    }
    guard !rest.isEmpty else { return nil }
    let end = isAtEnd ? rest.endIndex : (rest.lastIndex(of: Self.lineFeed) ?? rest.endIndex - 1) + 1
    let bytes = Array(rest[..<end])
    defer { linesBefore += bytes.reduce(0) { $0 + ($1 == Self.lineFeed ? 1 : 0) } }
    rest.removeFirst(end)
    return Part(bytes: bytes, linesBefore: linesBefore)
  }

  /// `██████░░░░ 61 %  120 of 197 MB`
  var progress: String {
    guard let totalBytes else { return "\(Self.megabytes(readBytes)) MB" }
    let share = min(1, Double(readBytes) / Double(totalBytes))
    return [
      RunReport.bar(share), "\(Int(share * 100)) %",
      "\(Self.megabytes(readBytes)) of \(Self.megabytes(totalBytes)) MB",
    ].joined(separator: "  ")
  }

  private static func megabytes(_ bytes: Int) -> String { RunReport.grouped((bytes + 999_999) / 1_000_000) }
}
