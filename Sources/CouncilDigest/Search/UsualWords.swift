import Foundation
import GRDB
import Synchronization

/// How many of the newest meetings have each word, by stem: what is usual in a summary.
final class UsualWords: Sendable {
  struct Counts: Sendable {
    var texts = 0
    var holders: [String: Int] = [:]
    var countedAt = Date.distantPast
  }

  private let counts = Mutex(Counts())
  /// Words change slowly.
  private static let maximumAge: TimeInterval = 3_600
  private static let texts = 200

  func current(now: Date, _ database: Database) throws -> Counts {
    let known = counts.withLock { $0 }
    guard now.timeIntervalSince(known.countedAt) > Self.maximumAge else { return known }
    let newest = try Int64.fetchAll(
      database,
      sql: "SELECT id FROM meeting WHERE has_summary = 1 ORDER BY announced_at DESC LIMIT ?",
      arguments: [Self.texts]
    )
    let index = try TextIndex(MeetingText.fetch(newest, database).map { TextIndex.Text($0, $1) }, database)
    let counted = Counts(
      texts: newest.count,
      holders: index.stems().mapValues(\.holders),
      countedAt: now
    )
    counts.withLock { $0 = counted }
    return counted
  }
}
