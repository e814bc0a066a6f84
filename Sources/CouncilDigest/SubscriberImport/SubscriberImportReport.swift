/// What became of an import of subscribers, as the API shows it.
struct SubscriberImportReport: Encodable, Equatable, Sendable {
  struct Row: Encodable, Equatable, Sendable {
    /// Where it begins, from 1.
    var line: Int
    var detail: String
  }

  /// Nothing was changed.
  var dryRun: Bool
  /// Columns that say nothing to us.
  var ignoredColumns: [String]
  var imported = 0
  private(set) var refused: [Row] = []
  /// Rows beyond those that are listed.
  private(set) var refusedOmitted = 0
  /// What somebody who expected more should know.
  private(set) var note: String?

  private static let maximumRows = 10_000

  init(dryRun: Bool, ignoredColumns: [String]) {
    self.dryRun = dryRun
    self.ignoredColumns = ignoredColumns
  }

  var refusedCount: Int { refused.count + refusedOmitted }

  mutating func refuse(_ line: Int, _ detail: String) {
    if refused.count < Self.maximumRows { refused.append(Row(line: line, detail: detail)) } else { refusedOmitted += 1 }
  }

  mutating func finish() {
    // Some are found out before others of the same batch.
    refused.sort { $0.line < $1.line }
    if imported + refusedCount == 0 { note = "There are no rows below the line that names the columns" }
  }
}
