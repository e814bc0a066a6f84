/// What became of an import, as the API shows it.
struct ImportReport: Encodable, Equatable, Sendable {
  struct Counts: Encodable, Equatable, Sendable {
    var created = 0
    var replaced = 0
    var unchanged = 0

    var hasChanges: Bool { created + replaced > 0 }

    mutating func count(_ outcome: PutOutcome) {
      switch outcome {
      case .created: created += 1
      case .replaced: replaced += 1
      case .unchanged: unchanged += 1
      }
    }
  }

  var councils = Counts()
  var topics = Counts()
  var meetings = Counts()
  private(set) var errors: [LineProblem] = []
  /// Problems beyond those that are listed.
  private(set) var errorsOmitted = 0

  static let maximumErrors = 1_000

  /// Without the errors.
  var counts: [String: Counts] { ["councils": councils, "topics": topics, "meetings": meetings] }

  var hasChanges: Bool { councils.hasChanges || topics.hasChanges || meetings.hasChanges }

  mutating func count(_ entry: ImportEntry, _ outcome: PutOutcome) {
    switch entry {
    case .council: councils.count(outcome)
    case .topic: topics.count(outcome)
    case .meeting: meetings.count(outcome)
    }
  }

  mutating func add(_ problems: [LineProblem]) {
    for problem in problems {
      if errors.count < Self.maximumErrors { errors.append(problem) } else { errorsOmitted += 1 }
    }
  }

  /// - Throws: what refuses the import as a whole, when a line was refused.
  func requireNoErrors() throws {
    guard errors.isEmpty else { throw Refusal.invalidLines(errors, omitted: errorsOmitted) }
  }
}

extension Refusal {
  /// As problems of a line.
  /// - Throws: itself, when it says nothing about the line.
  func problems(ofLine line: Int) throws -> [LineProblem] {
    switch self {
    case .invalid(let problems):
      return problems.map { LineProblem(line: line, pointer: $0.field, detail: $0.detail) }
    case .moved(_, let to): return [LineProblem(line: line, pointer: "", detail: "This is at \(to) now")]
    case .unreadable: return [LineProblem(line: line, pointer: "", detail: "Not valid JSON in UTF-8")]
    case .notFound(let detail), .conflict(let detail): return [LineProblem(line: line, pointer: "", detail: detail)]
    case .invalidLines, .unsupportedCoding, .preconditionFailed, .unsupportedMediaType, .expired, .noKey, .wrongRole,
      .foreignOrigin, .unavailable, .interrupted, .tooMany:
      throw self
    }
  }
}
