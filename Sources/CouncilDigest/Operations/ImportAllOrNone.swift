import GRDB
import HTTPServer

/// Puts every line in one transaction, or none. All of them are read and checked before the store is touched; while they are
/// written whoever else writes waits. A crash leaves none of it. Blocks.
struct ImportAllOrNone: Sendable {
  let store: Store
  let cache: PageCache
  let putMeeting: PutMeeting

  /// - Throws: `Refusal.invalidLines` when there is a problem with any line.
  func callAsFunction(_ request: Request, _ change: AuditedChange) throws -> ImportReport {
    try check(request)
    let now = store.now()
    let report = try store.writeBlocking { database in
      var report = ImportReport()
      var reader = ImportReader(request)
      while let line = try reader.next() {
        do {
          let entry = try line.content.get()
          report.count(entry, try entry.put(putMeeting, now: now, database))
        } catch let refusal as Refusal {
          // What only the store can tell: too many topics, or a council that was deleted since.
          report.add(try refusal.problems(ofLine: line.number))
          try report.requireNoErrors()
        }
      }
      if report.hasChanges { try change.record("import", of: "import", after: report.counts, database) }
      return report
    }
    if report.hasChanges { cache.drop() }
    return report
  }

  private func check(_ request: Request) throws {
    var report = ImportReport()
    var councils = KnownCouncils(store: store)
    var reader = ImportReader(request)
    while let line = try reader.next() {
      do {
        try councils.check(try line.content.get())
      } catch let refusal as Refusal {
        report.add(try refusal.problems(ofLine: line.number))
      }
    }
    try report.requireNoErrors()
  }
}

/// The councils of the store and of the lines so far.
private struct KnownCouncils {
  let store: Store
  private var slugs: Set<Slug> = []

  /// So many slugs fit into memory; what lies beyond, the transaction finds out.
  private static let maximum = 100_000

  init(store: Store) {
    self.store = store
  }

  /// - Throws: `Refusal` for a meeting of a council that there is not.
  mutating func check(_ entry: ImportEntry) throws {
    switch entry {
    case .topic: return
    case .council(let slug, _): remember(slug)
    case .meeting(_, let council, _):
      guard !slugs.contains(council), slugs.count < Self.maximum else { return }
      _ = try store.readBlocking { try ImportEntry.council(council, $0) }
      remember(council)
    }
  }

  private mutating func remember(_ slug: Slug) {
    if slugs.count < Self.maximum { slugs.insert(slug) }
  }
}
