import CouncilDigest
import Foundation

/// What the calls of one import came to, added up.
struct ImportTotal: Codable {
  struct Counts: Codable {
    var created = 0
    var replaced = 0
    var unchanged = 0
  }

  struct Problem: Codable {
    var line: Int
    var pointer: String
    var detail: String
  }

  private(set) var councils = Counts()
  private(set) var topics = Counts()
  private(set) var meetings = Counts()
  private(set) var errors: [Problem] = []
  private(set) var errorsOmitted = 0

  /// As many as one call lists.
  private static let maximumErrors = 1_000

  /// An answer of the API: a report, or the problem details of an import that was refused.
  private struct Answer: Decodable {
    var councils: Counts?
    var topics: Counts?
    var meetings: Counts?
    var errors: [Problem]?
    var errorsOmitted: Int?
  }

  mutating func add(_ answer: ControlSocket.Answer, linesBefore: Int) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let answer = try decoder.decode(Answer.self, from: Data(answer.body))
    councils += answer.councils ?? Counts()
    topics += answer.topics ?? Counts()
    meetings += answer.meetings ?? Counts()
    var problems = answer.errors ?? []
    for index in problems.indices { problems[index].line += linesBefore }
    let listed = problems.prefix(Self.maximumErrors - errors.count)
    errors += listed
    errorsOmitted += problems.count - listed.count + (answer.errorsOmitted ?? 0)
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  var lines: [String] {
    let rows = [("councils", councils), ("topics", topics), ("meetings", meetings)].map { name, counts in
      [name] + [counts.created, counts.replaced, counts.unchanged].map(RunReport.grouped)
    }
    return RunReport.table(["", "CREATED", "REPLACED", "UNCHANGED"], rows, textColumns: 1) + errorLines
  }

  var errorLines: [String] {
    guard !errors.isEmpty else { return [] }
    let listed = errors.map { problem in
      "line \(problem.line): \(problem.pointer.isEmpty ? "" : "\(problem.pointer): ")\(problem.detail)"
    }
    let rest = errorsOmitted == 0 ? [] : ["… and \(RunReport.counted(errorsOmitted, "problem")) more"]
    return ["", "Refused:"] + (listed + rest).map { "  \($0)" }
  }
}

private func += (left: inout ImportTotal.Counts, right: ImportTotal.Counts) {
  left.created += right.created
  left.replaced += right.replaced
  left.unchanged += right.unchanged
}
