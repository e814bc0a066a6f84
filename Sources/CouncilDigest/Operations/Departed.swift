import Foundation
import GRDB

/// Lets those go from a restored store who had gone from the one it is a backup of.
struct Departed {
  private let entries: [String: DepartureFile.Entry]
  private let keys: KeyRing

  init(_ entries: [String: DepartureFile.Entry], keys: KeyRing) {
    self.entries = entries.filter { $0.value.kind != .returned }
    self.keys = keys
  }

  func go(_ database: Database) throws -> (left: Int, erased: Int) {
    guard !entries.isEmpty else { return (0, 0) }
    var (left, erased) = (0, 0)
    let people = try Row.fetchCursor(database, sql: "SELECT id, email_key, state, confirmed_at FROM subscriber")
    var gone: [(id: Int64, isActive: Bool, DepartureFile.Entry)] = []
    while let row = try people.next() {
      guard let entry = entries[DepartureFile.person(row["email_key"], keys)] else { continue }
      // They came back before the backup was taken.
      guard entry.at.milliseconds >= row["confirmed_at"] as Int64? ?? 0 else { continue }
      gone.append((row["id"], row["state"] == "active", entry))
    }
    for (id, isActive, entry) in gone {
      switch entry.kind {
      case .left where isActive:
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
