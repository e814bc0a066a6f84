import Testing

@testable import CouncilDigest

@Suite struct SpreadsheetCellTests {
  @Test(arguments: [
    ("=HYPERLINK(\"https://evil.example\")", "'=HYPERLINK(\"https://evil.example\")"), ("+1", "'+1"),
    ("-school bus", "'-school bus"), ("@SUM(1)", "'@SUM(1)"), ("＝1", "'＝1"), ("'=1", "''=1"), ("''-a", "'''-a"),
    ("bus", "bus"), ("'bus'", "'bus'"), ("'", "'"), ("", ""), ("a=b", "a=b"), ("\t=1", "'\t=1"),
  ])
  func `what looks like a formula is defused, and comes back as it was`(_ text: String, _ cell: String) {
    #expect(SpreadsheetCell.defused(text) == cell)
    #expect(SpreadsheetCell.restored(cell) == text)
  }

  @Test func `an import of our own columns takes the apostrophe away, one from elsewhere leaves it`() throws {
    let own = try SubscriberTable(header: ["email", "council", "query", "consent_at", "consent_source"])
    let row = try own.row(["'=ann@resident.example", "", "'-school bus", "2026-01-05T10:00:00Z", "'+form"])
    #expect(row.email == "=ann@resident.example" && row.query == "-school bus" && row.evidence == "+form")
    let other = try SubscriberTable(header: ["Email Address", "query", "OPTIN_TIME"])
    #expect(try other.row(["ann@resident.example", "'-school bus", "2026-01-05 10:00:00"]).query == "'-school bus")
  }

  @Test func `a line of a table is read back as it was written, whatever is in it`() throws {
    let texts = [
      "a", "x\r\ny", "\r\n", "b,\u{301}c", "\"\u{301}d\",\u{200D}\"", "\"", "", "e\nf", "\"g\",h", "i\u{301}",
    ]
    let line = Array((SpreadsheetCell.row(texts) + "\n").utf8)
    var reader = try CSVReader { Array(line.dropFirst($0)) }
    let record = try reader.next()
    #expect(try record?.fields.get().map(SpreadsheetCell.restored) == texts)
    let none = try reader.next()
    #expect(none == nil)
  }
}
