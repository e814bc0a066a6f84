import Foundation
import GRDB

/// Lets those go from a restored store who had gone from the one it is a backup of.
struct Departed {
  private let entries: [String: DepartureFile.Entry]
  private let keys: KeyRing

  init(_ entries: [String: DepartureFile.Entry], keys: KeyRing) {
    self.entries = entries
    self.keys = keys
  }

  private static let isStaying = "(state = 'active' OR (state = 'suppressed' AND unsubscribed_at IS NULL))"

  func go(_ database: Database) throws -> (left: Int, erased: Int) {
    guard !entries.isEmpty else { return (0, 0) }
    var (left, erased) = (0, 0)
    let people = try Row.fetchCursor(
      database,
      sql:
        "SELECT id, email_key, \(Self.isStaying) AS is_staying, coalesce(confirmed_at, created_at) AS came_at FROM subscriber"
    )
    var gone: [(id: Int64, isStaying: Bool, DepartureFile.Entry)] = []
    while let row = try people.next() {
      // They may have had another address when the backup was taken: what is said last of either counts.
      let known = [
        DepartureFile.pseudonym(of: row["email_key"], keys), DepartureFile.pseudonym(ofSubscriber: row["id"], keys),
      ].compactMap { entries[$0] }
      guard let entry = known.max(by: { $0.at < $1.at }), entry.kind != .returned else { continue }
      // They came back before the backup was taken.
      guard entry.at.milliseconds >= row["came_at"] as Int64 else { continue }
      gone.append((row["id"], row["is_staying"], entry))
    }
    for (id, isStaying, entry) in gone {
      switch entry.kind {
      case .left where isStaying:
        try Unsubscribe.leave(id, now: entry.at, database)
        left += 1
      case .erased:
        guard let subscriber = try Subscriber.find(id: id, database) else { continue }
        try EraseSubscriber.erase(subscriber, keys, now: entry.at, database)
        erased += 1
      case .left, .returned: break
      }
    }
    return (left, erased)
  }
}
