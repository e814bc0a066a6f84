import Testing

@testable import CouncilDigest

@Suite struct TopicQueryTests {
  @Test(arguments: [
    ("bus", "bus"), ("  bus   lane ", "bus lane"), ("\"bus lane\" cycling", "\"bus lane\" cycling"),
    ("“bus lane”", "\"bus lane\""), ("bus bus", "bus"), ("housing, repairs!", "housing repairs"),
    ("co-operation", "co-operation"), ("parks, trees;", "parks trees"), ("Ysgol Gymraeg", "Ysgol Gymraeg"),
    ("\"\" bus", "bus"),
  ])
  func `a query prints as what it was read as, and reads back as itself`(_ text: String, _ printed: String) throws {
    let query = try TopicQuery(parsing: text)
    #expect(query.description == printed)
    #expect(try TopicQuery(parsing: query.description) == query)
  }

  @Test(arguments: [
    "", "  ", "—", "\"\"", "\"bus lane", "bus OR tram", "-bus", "hous*", "(bus)", "council:w", "parks OR, trees",
    "bus\"\u{301}x",
    String(repeating: "a", count: 501), (0..<31).map { "w\($0)" }.joined(separator: " "),
  ])
  func `what is no query is refused with a sentence`(_ text: String) {
    #expect(throws: TopicQuery.Problem.self) { try TopicQuery(parsing: text) }
  }

  @Test func `phrases keep their quotation marks inside a sentence`() {
    #expect(TopicQuery.quoted("\"bus lane\" cycling") == "“‘bus lane’ cycling”")
  }

  @Test func `nothing typed becomes an operator of the search engine`() throws {
    #expect(try TopicQuery(parsing: "near \"a NEAR b\"").fullTextExpression == "\"near\" AND \"a NEAR b\"")
  }

  @Test(arguments: [
    "bus\"\u{301}x\"y", "a\"\u{200D}\" b", "\"\u{FE0F}bus\"", "x\u{301}\u{0}y", "NEAR(a b)", "a^b {c}", "café’s",
  ])
  func `whatever is typed, only its own quotation marks reach the search engine`(_ text: String) {
    guard let query = try? TopicQuery(parsing: text) else { return }
    let expression = query.fullTextExpression
    #expect(expression.unicodeScalars.count { $0 == "\"" } == 2 * query.terms.count, "\(expression)")
    #expect((try? TopicQuery(parsing: query.description)) == query)
  }

  @Test func `an extract escapes everything but its marks`() {
    let extract = MatchExtract(marked: "a <b> \u{2}bus\u{3}\n  lane")
    #expect(extract.html() == "a &lt;b&gt; <mark>bus</mark> · lane")
    #expect(extract.text == "a <b> *bus* · lane")
  }
}
