import Foundation

/// Where backups go that nobody gave a name, and how many are kept. Their names say when they were taken.
struct BackupFolder: Equatable, Sendable {
  var path: String
  var keep: Int

  private static let prefix = "council-digest-"
  private static let suffix = ".sqlite"

  func file(at date: Date) -> String {
    let name = Self.prefix + RFC3339.format(date).filter { $0 != ":" && $0 != "-" } + Self.suffix
    return URL(filePath: path).appending(path: name).path
  }

  /// Oldest first. Other files in the folder are nobody's business.
  func backups() throws -> [(file: String, takenAt: Date)] {
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: path).compactMap { name in
      guard name.hasPrefix(Self.prefix), name.hasSuffix(Self.suffix),
        let date = Self.date(name.dropFirst(Self.prefix.count).dropLast(Self.suffix.count))
      else { return nil }
      return (URL(filePath: path).appending(path: name).path, date)
    }.sorted { $0.takenAt < $1.takenAt }
  }

  /// Removes the oldest beyond those that are kept.
  func prune() throws {
    for backup in try backups().dropLast(keep) { try FileManager.default.removeItem(atPath: backup.file) }
  }

  /// `20261125T080000Z`.
  private static func date(_ text: Substring) -> Date? {
    let digits = Array(text)
    guard digits.count == 16 else { return nil }
    func part(_ range: Range<Int>) -> String { String(digits[range]) }
    return RFC3339(
      "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z"
    )?.date
  }
}
