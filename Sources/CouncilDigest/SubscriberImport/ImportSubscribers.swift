@preconcurrency import Dispatch
import Foundation
import GRDB
import HTTPServer
import Logging

/// `POST /api/v1/subscribers/import`: people who agreed elsewhere, one a row, with when and how. Good rows are active at
/// once and no letter is sent; the others are named with why. In as many transactions as it takes, so that no sign-up
/// waits long for its turn; an import that was cut off can be repeated.
struct ImportSubscribers: Sendable {
  let store: Store
  let log: Logger
  /// Reading rows is work, and waiting for the store blocks: neither is for a shard. One import at a time.
  private let queue = DispatchQueue(label: "subscriber-import")

  static let bodyLimit = 67_108_864

  init(store: Store, log: Logger) {
    self.store = store
    self.log = log
  }

  func callAsFunction(_ request: Request, _ change: AuditedChange) async throws -> Response {
    try Self.checkType(request)
    let options = try SubscriberImportOptions(request)
    try await store.read { try options.check($0) }
    let report = try await withCheckedThrowingContinuation { continuation in
      queue.async { @Sendable in continuation.resume(with: Result { try work(request, options, change) }) }
    }
    if options.isDryRun || report.imported == 0 { change.changedNothing() }
    log.notice(
      "subscribers.imported",
      metadata: [
        "imported": "\(report.imported)", "refused": "\(report.refusedCount)", "dry-run": "\(report.dryRun)",
      ]
    )
    return try JSONOutput.response(.ok, report)
  }

  private static func checkType(_ request: Request) throws {
    guard let type = request.fields[.contentType] else { return }
    // curl's --data-binary says that it sends a form unless told otherwise; what it sends decides.
    let known = ["text/csv", "application/csv", "text/plain", "application/x-www-form-urlencoded"]
    guard known.contains(MediaType(type).essence) else { throw Refusal.unsupportedMediaType(expected: "text/csv") }
  }

  private static let portionBytes = 262_144
  private static let batchRows = 200
  private static let sliceTime: Duration = .milliseconds(20)

  private struct Entry: Sendable {
    var line: Int
    var reader: ImportedReader
  }

  private func work(
    _ request: Request,
    _ options: SubscriberImportOptions,
    _ change: AuditedChange
  ) throws -> SubscriberImportReport {
    var rows = try CSVReader { try request.bodyBytes(from: $0, atMost: Self.portionBytes) }
    let table = try Self.table(&rows)
    var report = SubscriberImportReport(dryRun: options.isDryRun, ignoredColumns: table.ignoredColumns)
    var queries = QueryVerdicts(store: store)
    // Once: it only grows, and may be long. Whoever is erased while this goes on is in it the next time.
    let departures = try store.departures.entries()
    var isMore = true
    while isMore {
      var batch: [Entry] = []
      while batch.count < Self.batchRows {
        guard let record = try rows.next() else {
          isMore = false
          break
        }
        do {
          let row = try table.row(try record.fields.mapError { SubscriberTable.Problem(detail: "\($0)") }.get())
          let reader = try ImportedReader(row, options, now: store.now())
          if reader.wasErased(departures, store.keys) { try requireReturned(reader) }
          for query in reader.queries { try queries.check(query) }
          batch.append(Entry(line: record.line, reader: reader))
        } catch let problem as SubscriberTable.Problem {
          report.refuse(record.line, problem.detail)
        }
      }
      try take(batch, options, change, &report)
    }
    report.finish()
    return report
  }

  /// Who was erased since they consented is not brought back by the row that is all that names them; who came by
  /// themselves since is here.
  /// - Throws: `SubscriberTable.Problem`.
  private func requireReturned(_ reader: ImportedReader) throws {
    switch try store.readBlocking({ try Subscriber.find(reader.address, $0) })?.state {
    case .active, .suppressed, .unsubscribed: return
    case .pending, nil:
      throw SubscriberTable.Problem(detail: "They had everything about them deleted here since they consented")
    }
  }

  private static func table(_ rows: inout CSVReader) throws -> SubscriberTable {
    guard let header = try rows.next() else {
      throw Refusal.invalid([FieldProblem("", "There is nothing in it; the first line must name the columns")])
    }
    switch header.fields {
    case .success(let names): return try SubscriberTable(header: names)
    case .failure(.notUTF8): throw Refusal.unreadable("The file is not text in UTF-8. Save it as “CSV UTF-8”")
    case .failure(let problem): throw Refusal.invalid([FieldProblem("", "The first line: \(problem)")])
    }
  }

  private func take(
    _ batch: [Entry],
    _ options: SubscriberImportOptions,
    _ change: AuditedChange,
    _ report: inout SubscriberImportReport
  ) throws {
    var rest = batch[...]
    while !rest.isEmpty {
      let results = options.isDryRun ? try check(rest) : try put(rest, change, stored: report.imported)
      for (entry, problem) in zip(rest, results) {
        if let problem { report.refuse(entry.line, problem.detail) } else { report.imported += 1 }
      }
      rest = rest.dropFirst(results.count)
    }
  }

  private func check(_ entries: ArraySlice<Entry>) throws -> [SubscriberTable.Problem?] {
    try store.readBlocking { database in
      try entries.map { entry in
        switch try entry.reader.targets(store.keys, database) {
        case .success: nil
        case .failure(let problem): problem
        }
      }
    }
  }

  /// As many as fit into one slice.
  private func put(
    _ entries: ArraySlice<Entry>,
    _ change: AuditedChange,
    stored: Int
  ) throws -> [SubscriberTable.Problem?] {
    let now = store.now()
    do {
      let (results, returned) = try store.writeTogether { [keys = store.keys] database in
        let end = ContinuousClock.now + Self.sliceTime
        var results: [SubscriberTable.Problem?] = []
        var returned: [DepartureFile.Person] = []
        for entry in entries {
          switch try entry.reader.targets(keys, database) {
          case .success(let found):
            let person = try entry.reader.follow(found.targets, found.subscriber, now: now, database)
            if let person { returned.append(person) }
            results.append(nil)
          case .failure(let problem): results.append(problem)
          }
          if ContinuousClock.now >= end { break }
        }
        let imported = stored + results.filter { $0 == nil }.count
        if imported > stored {
          try change.recordProgress("import", of: "subscribers", after: ["imported": imported], database)
        }
        return (results, returned)
      }
      try store.departures.appendBlocking(.returned, returned, at: now)
      return results
    } catch let error as DatabaseError where error.isAboutTheDisk && stored > 0 {
      let line = entries.first?.line ?? 0
      log.error("subscribers.import-stopped", metadata: ["line": "\(line)", "error": "\(error.message ?? "")"])
      throw Refusal.interrupted("The rows before line \(line) are in. Import the same again later: nobody is in twice")
    }
  }
}

/// Whether queries may be followed, each looked for once: that takes a moment, and a file repeats itself.
private struct QueryVerdicts {
  let store: Store
  private var known: [String: String?] = [:]
  private static let maximumCount = 10_000

  init(store: Store) {
    self.store = store
  }

  /// - Throws: `SubscriberTable.Problem`.
  mutating func check(_ query: TopicQuery) throws {
    let text = query.description
    if known[text] == nil {
      if known.count >= Self.maximumCount { known = [:] }
      let now = store.now()
      known[text] = .some(try store.readBlocking { try query.problemOfFollowing(now: now, $0) })
    }
    if let problem = known[text] ?? nil { throw SubscriberTable.Problem(detail: "query: \(problem)") }
  }
}
