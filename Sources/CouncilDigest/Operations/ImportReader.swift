import HTTPServer

/// The lines of an import, read one after the other: blank ones are skipped, bad ones say what is wrong with them.
struct ImportReader {
  struct Line: Sendable {
    var number: Int
    var bytes: Int
    var content: Result<ImportEntry, Refusal>
  }

  private var lines: LineReader

  private static let portionBytes = 262_144

  init(_ request: Request) {
    lines = LineReader(maximumBytes: PutMeeting.bodyLimit) { offset in
      try request.bodyBytes(from: offset, atMost: Self.portionBytes)
    }
  }

  /// Nil at the end.
  mutating func next() throws -> Line? {
    while let line = try lines.next() {
      switch line {
      case .text(let bytes) where bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }): continue
      case .text(let bytes):
        return Line(number: lines.number, bytes: bytes.count, content: try Self.entry(bytes))
      case .tooLong:
        let problem = FieldProblem("", "A line has at most \(PutMeeting.bodyLimit) bytes")
        return Line(number: lines.number, bytes: 0, content: .failure(.invalid([problem])))
      }
    }
    return nil
  }

  private static func entry(_ bytes: [UInt8]) throws -> Result<ImportEntry, Refusal> {
    do {
      return .success(try ImportEntry(parsing: bytes))
    } catch let refusal as Refusal {
      return .failure(refusal)
    }
  }
}
