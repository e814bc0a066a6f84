import Foundation
import TestSupport
import Testing

@testable import CouncilDigest

@Suite struct CSVReaderTests {
  /// - Parameter portion: so many bytes at a time.
  private func read(_ text: [UInt8], portion: Int = 7) throws -> [CSVReader.Record] {
    var reader = try CSVReader { Array(text.dropFirst($0).prefix($0 == 0 ? max(portion, 64) : portion)) }
    var records: [CSVReader.Record] = []
    while let record = try reader.next() { records.append(record) }
    return records
  }

  private func rows(_ text: String, portion: Int = 7) throws -> [[String]?] {
    try read(Array(text.utf8), portion: portion).map { try? $0.fields.get() }
  }

  @Test(arguments: [
    ("a,b\nc,d\n", [["a", "b"], ["c", "d"]]), ("a,b\r\nc,d", [["a", "b"], ["c", "d"]]),
    ("\u{FEFF}a,b\n", [["a", "b"]]), ("\"a,1\",\"b\"\"2\"\n", [["a,1", "b\"2"]]),
    ("\"a\r\nb\",c\n", [["a\r\nb", "c"]]), ("a,,\n\n \n,\nb\n", [["a", "", ""], ["b"]]),
    ("a;b\nc,1;d\n", [["a", "b"], ["c,1", "d"]]),
    ("a\tb\n\"c\td\"\te\n", [["a", "b"], ["c\td", "e"]]), ("", []), ("é,ü\n", [["é", "ü"]]),
    ("a,b\rc,d\re,f", [["a", "b"], ["c", "d"], ["e", "f"]]), ("a;b\rc,1;d\r", [["a", "b"], ["c,1", "d"]]),
    ("a,b\r\nc,d\re,f\ng,h\r\r\ni,j", [["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"], ["i", "j"]]),
    ("\"a\rb\",c\r", [["a\rb", "c"]]),
  ])
  func `rows are read as RFC 4180 has them, and as spreadsheets write them`(_ text: String, _ expected: [[String]])
    throws
  {
    for portion in [1, 2, 3, 7, 1_000] { #expect(try rows(text, portion: portion) == expected, "\(portion)") }
  }

  @Test func `a broken row is its own problem, and says where it begins`() throws {
    let long = String(repeating: "x", count: 70_000)
    let text =
      Array("email\nok,1\n\"a\"b,c\n\(long)\n".utf8) + [0xFF, 0x0A] + Array("\"two\nlines\"\nend\n\"open\nend".utf8)
    let records = try read(text)
    #expect(records.map(\.line) == [1, 2, 3, 4, 5, 6, 8, 9])
    let problems = records.map { record -> CSVReader.Problem? in
      guard case .failure(let problem) = record.fields else { return nil }
      return problem
    }
    #expect(problems == [nil, nil, .afterQuote, .tooLong, .notUTF8, nil, nil, .openQuote])
  }

  @Test(arguments: ["\r", "\n", "\r\n"])
  func `a row is told by its line, however lines end`(_ end: String) throws {
    let text = ["email", "a", "", "\"b", "c\"", "d"].joined(separator: end)
    for portion in [1, 7, 1_000] {
      #expect(try read(Array(text.utf8), portion: portion).map(\.line) == [1, 2, 4, 6], "\(portion)")
    }
  }

  @Test func `any row that is written so is read back`() throws {
    var random = SplitMix(seed: 4180)
    let pieces = ["a", "é", "\"", ",", "\n", "\r\n", "\r", ";", " ", "\t", "1"]
    for _ in 0..<300 {
      let rows = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        (0..<3).map { _ in
          (0..<Int.random(in: 1...5, using: &random)).map { _ in
            pieces[Int.random(in: 0..<pieces.count, using: &random)]
          }
          .joined()
        }
      }
      let text =
        "x,y,z\n"
        + rows.map { $0.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ",") + "\r\n" }.joined()
      let expected = [["x", "y", "z"]] + rows.filter { row in !row.allSatisfy { $0.allSatisfy(\.isWhitespace) } }
      #expect(try self.rows(text, portion: Int.random(in: 1...40, using: &random)) == expected)
    }
  }
}

@Suite struct ConsentTimeTests {
  @Test(arguments: [
    ("2025-09-30T14:00:00Z", "2025-09-30T14:00:00Z"), ("2025-09-30T14:00:00+01:00", "2025-09-30T13:00:00Z"),
    ("2025-09-30", "2025-09-30T00:00:00Z"), ("2019-05-22 11:16:03", "2019-05-22T11:16:03Z"),
    ("2021-02-03 04:05:06.789012 +0000 UTC", "2021-02-03T04:05:06Z"), ("2025-09-30 14:00", "2025-09-30T14:00:00Z"),
    ("2025-09-30T14:00:00.5+0100", "2025-09-30T13:00:00Z"),
  ])
  func `times are read as programs write them`(_ text: String, _ expected: String) throws {
    #expect(ConsentTime.parse(text).map(RFC3339.format) == expected)
  }

  @Test(arguments: ["", "yesterday", "2025-02-30", "30/09/2025", "2025-09-30T25:00:00Z", "1", "2025-09-30 x"])
  func `what is no time is none`(_ text: String) {
    #expect(ConsentTime.parse(text) == nil)
  }
}

@Suite struct TranscriptTests {
  @Test func `paragraphs, speakers and times are found`() {
    let transcript = Transcript(
      parsing: """
        CHAIR: Good afternoon.
        We begin.

        [00:12:40] Cllr O'Neill (Leader of the Council): Three things follow: roads, bins
        and buses.
        00:14:02 Nobody in particular speaks at 10:30.
        We agreed three things: none.
        The Rt Hon. Ann B-C: <b>Yes</b>.
        """
    )
    #expect(
      transcript.paragraphs == [
        .init(speaker: "CHAIR", text: "Good afternoon. We begin."),
        .init(
          time: "00:12:40",
          speaker: "Cllr O'Neill (Leader of the Council)",
          text: "Three things follow: roads, bins and buses."
        ),
        .init(time: "00:14:02", text: "Nobody in particular speaks at 10:30. We agreed three things: none."),
        .init(speaker: "The Rt Hon. Ann B-C", text: "<b>Yes</b>."),
      ]
    )
    #expect(transcript.html.contains("&lt;b&gt;Yes&lt;/b&gt;") && !transcript.html.contains("<b>Yes"))
    #expect(transcript.html.contains("<p id=\"p4\">") && transcript.html.contains("href=\"#p4\""))
  }

  /// With time that grows faster than the text this would take hours.
  @Test func `the longest transcript is read whole`() {
    let text = String(repeating: "CHAIR: Order, order. The next item is the budget.\n", count: 80_000)
    #expect(Transcript(parsing: text).paragraphs.count == 80_000)
  }
}
