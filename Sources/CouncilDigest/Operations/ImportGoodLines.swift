import Foundation
import GRDB
import HTTPServer
import Logging

/// Puts line after line, in as many transactions as it takes, so that no sign-up waits long for its turn. Bad lines are
/// reported and the others kept. Blocks.
struct ImportGoodLines: Sendable {
  let store: Store
  let cache: PageCache
  let putMeeting: PutMeeting
  let log: Logger

  func callAsFunction(_ request: Request, _ change: AuditedChange) throws -> ImportReport {
    var report = ImportReport()
    var reader = ImportReader(request)
    while case let batch = try Self.nextBatch(&reader), !batch.isEmpty {
      var rest = batch[...]
      while !rest.isEmpty { try putSlice(of: &rest, &report, change) }
    }
    return report
  }

  /// So much is read before it is written.
  private static let batchBytes = 524_288
  private static let batchLines = 200

  /// The next lines; empty at the end.
  private static func nextBatch(_ reader: inout ImportReader) throws -> [ImportReader.Line] {
    var batch: [ImportReader.Line] = []
    var bytes = 0
    while bytes < batchBytes, batch.count < batchLines, let line = try reader.next() {
      bytes += line.bytes
      batch.append(line)
    }
    return batch
  }

  /// As long as those who write together share a commit.
  private static let sliceTime: Duration = .milliseconds(20)

  /// Takes as many as fit into one.
  private func putSlice(
    of rest: inout ArraySlice<ImportReader.Line>,
    _ report: inout ImportReport,
    _ change: AuditedChange
  ) throws {
    let results = try results(of: rest, before: report, change)
    for (line, result) in zip(rest, results) {
      switch result {
      case .success(let done): report.count(done.entry, done.outcome)
      case .failure(let refusal): report.add(try refusal.problems(ofLine: line.number))
      }
    }
    rest = rest.dropFirst(results.count)
    if results.contains(where: \.isChange) { cache.drop() }
  }

  private func results(
    of lines: ArraySlice<ImportReader.Line>,
    before report: ImportReport,
    _ change: AuditedChange
  ) throws -> [PutResult] {
    do {
      return try put(lines, before: report, change)
    } catch let error as DatabaseError where error.isAboutTheDisk && report.hasChanges {
      let line = lines.first?.number ?? 0
      log.error("import.stopped", metadata: ["line": "\(line)", "error": "\(error.message ?? "")"])
      throw Refusal.interrupted(
        "The lines before \(line) are in. Import the same again later: what is in already stays as it is"
      )
    }
  }

  private func put(
    _ lines: ArraySlice<ImportReader.Line>,
    before report: ImportReport,
    _ change: AuditedChange
  ) throws -> [PutResult] {
    let now = store.now()
    return try store.writeTogether { [putMeeting] database in
      let end = ContinuousClock.now + Self.sliceTime
      var results: [PutResult] = []
      for line in lines {
        results.append(try Self.put(line, putMeeting, now: now, database))
        if ContinuousClock.now >= end { break }
      }
      let counts = results.reduce(into: report) { report, result in
        if case .success(let done) = result { report.count(done.entry, done.outcome) }
      }
      if counts.hasChanges { try change.recordProgress("import", of: "import", after: counts.counts, database) }
      return results
    }
  }

  private static func put(
    _ line: ImportReader.Line,
    _ putMeeting: PutMeeting,
    now: Date,
    _ database: Database
  ) throws -> PutResult {
    do {
      let entry = try line.content.get()
      return .success(Put(entry: entry, outcome: try entry.put(putMeeting, now: now, database)))
    } catch let refusal as Refusal {
      return .failure(refusal)
    }
  }
}

/// What a good line came to.
private struct Put: Sendable {
  var entry: ImportEntry
  var outcome: PutOutcome
}

private typealias PutResult = Result<Put, Refusal>

extension PutResult {
  fileprivate var isChange: Bool {
    switch self {
    case .success(let done): done.outcome != .unchanged
    case .failure: false
    }
  }
}
