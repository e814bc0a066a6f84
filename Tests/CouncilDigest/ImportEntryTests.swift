import Foundation
import Testing

@testable import CouncilDigest

@Suite struct ImportEntryTests {
  /// The pointers of what is wrong with a line.
  private func pointers(_ line: String) -> [String]? {
    do {
      _ = try ImportEntry(parsing: Array(line.utf8))
      return nil
    } catch let refusal as Refusal {
      return try? refusal.problems(ofLine: 1).map(\.pointer).sorted()
    } catch {
      return ["\(error)"]
    }
  }

  private static let cases: [(String, [String]?)] = [
    (#"{"council": {"slug": "a", "name": "A"}}"#, nil),
    (#"  {"topic": {"slug": "a", "name": "A", "query": "buses"}} "#, nil),
    (#"{"meeting": {"slug": "a", "council": "w", "committee": "C", "starts_at": "2026-11-20T10:00:00Z"}}"#, nil),
    ("not json", [""]), (#"{"council": {"slug": "a", "name": "A",}}"#, [""]), ("{", [""]), ("\u{0}", [""]),
    ("[]", [""]), ("5", [""]), ("null", [""]), ("{}", [""]),
    (#"{"council": {}, "topic": {}}"#, [""]),
    (#"{"councl": {}}"#, ["/councl"]),
    (#"{"council": 5}"#, ["/council"]), (#"{"meeting": []}"#, ["/meeting"]), (#"{"topic": null}"#, ["/topic"]),
    (#"{"council": {}}"#, ["/council/name", "/council/slug"]),
    (#"{"council": {"slug": "A b", "name": "A", "nme": 1}}"#, ["/council/nme", "/council/slug"]),
    (#"{"topic": {"slug": 5, "name": "A", "query": "\""}}"#, ["/topic/query", "/topic/slug"]),
    (
      #"{"meeting": {"slug": "a", "committee": "C", "starts_at": "tomorrow", "documents": [{"title": "T"}]}}"#,
      ["/meeting/council", "/meeting/documents/0/url", "/meeting/starts_at"]
    ),
  ]

  @Test(arguments: cases.indices)
  func `a line says what is wrong where`(_ index: Int) {
    let (line, expected) = Self.cases[index]
    #expect(pointers(line) == expected, "\(line)")
  }

  @Test func `problems are listed up to a bound`() throws {
    var report = ImportReport()
    for line in 1...1_500 { report.add([LineProblem(line: line, pointer: "", detail: "x")]) }
    #expect(report.errors.count == 1_000 && report.errorsOmitted == 500)
    #expect(throws: Refusal.invalidLines(report.errors, omitted: 500)) { try report.requireNoErrors() }
  }
}
