import ArgumentParser
import CouncilDigest
import Foundation

/// `council-digest import` of a table of subscribers.
struct SubscriberImport {
  var councils: [String]
  var topics: [String]
  var isDryRun: Bool

  private struct Answer: Decodable {
    struct Row: Decodable {
      var line: Int
      var detail: String
    }

    var imported: Int
    var refused: [Row]
    var refusedOmitted: Int
    var ignoredColumns: [String]
    var dryRun: Bool
    var note: String?
  }

  func callAsFunction(_ input: inout ImportInput, _ way: ServiceCall.Way, printsJSON: Bool) async throws {
    let answer = try ServiceCall.checked(
      try await way.call("POST", address, type: "text/csv") {
        let piece = try input.nextPiece()
        Terminal.rewriteErrorLine(piece.isEmpty ? "being checked and stored" : input.progress)
        return piece
      }
    )
    Terminal.rewriteErrorLine("")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let report = try decoder.decode(Answer.self, from: Data(answer.body))
    if printsJSON { Terminal.line(answer.text) } else { Self.lines(report).forEach(Terminal.line) }
    if !report.refused.isEmpty { throw ExitCode(1) }
  }

  private var address: String {
    let choices = councils.map { "council=\(Self.encoded($0))" } + topics.map { "topic=\(Self.encoded($0))" }
    return "/api/v1/subscribers/import?" + (choices + ["dry_run=\(isDryRun)"]).joined(separator: "&")
  }

  private static func encoded(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
  }

  private static func lines(_ report: Answer) -> [String] {
    let count = RunReport.counted(report.imported, "row")
    var lines = [report.dryRun ? "\(count) would be imported; nothing was changed." : "\(count) imported."]
    if !report.ignoredColumns.isEmpty { lines.append("Not used: \(report.ignoredColumns.joined(separator: ", "))") }
    if let note = report.note { lines.append("\(note).") }
    guard !report.refused.isEmpty else { return lines }
    lines += ["", "Refused:"] + report.refused.map { "  line \($0.line): \($0.detail)" }
    if report.refusedOmitted > 0 { lines.append("  … and \(RunReport.counted(report.refusedOmitted, "row")) more") }
    return lines
  }
}
