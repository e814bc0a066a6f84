import Testing
import TestSupport

@testable import CouncilDigest

@Suite struct TopicQueryTests {
  @Test(arguments: [
    ("bus", "bus"), ("  bus   lane ", "bus lane"), ("\"bus lane\" cycling", "\"bus lane\" cycling"),
    ("“bus lane”", "\"bus lane\""), ("bus bus", "bus"), ("housing, repairs!", "housing repairs"),
    ("co-operation", "co-operation"), ("parks, trees;", "parks trees"), ("Ysgol Gymraeg", "Ysgol Gymraeg"),
    ("\"\" bus", "bus"), ("\"bus\"", "bus"), ("\"OR\"", "\"OR\""), ("bus AND tram", "bus tram"),
    ("a OR b -c", "a OR b -c"), ("(a OR b) -c", "a OR b -c"), ("a | b", "a OR b"), ("((a))", "a"),
    ("(a b) c", "a b c"), ("(a -b) c", "a c -b"), ("-b a", "a -b"), ("a -(b OR c)", "a -b -c"),
    ("a -(b c)", "a -(b c)"), ("(a b) OR c", "(a b) OR c"), ("(a OR b) OR a", "a OR b"), ("a OR a", "a"),
    ("(a -b) OR c", "(a -b) OR c"), ("a –b", "a -b"), ("a − b", "a b"),
    ("Planning - the future", "Planning the future"),
    ("hous* rent", "hous* rent"), ("council:Leeds-City bins", "council:leeds-city bins"),
    ("committee:\"Planning Committee\"", "committee:\"Planning Committee\""),
    ("committee:Planning", "committee:\"Planning\""),
    ("person:“Jane Smith” -person:Lee", "person:\"Jane Smith\" -person:\"Lee\""), ("14:00 bus", "\"14 00\" bus"),
    ("Re: bins", "Re bins"), ("flood,drainage", "\"flood drainage\""), ("\"14:00\"", "\"14 00\""),
    ("bus\u{A0}lane", "bus lane"), ("A&E", "A&E"), ("\u{2022} bus\n\u{2022} tram", "bus tram"),
    ("the (bus -tram) OR (rail \"night train\")", "the (bus -tram) OR (rail \"night train\")"),
  ])
  func `a query prints as what it was read as, and reads back as itself`(_ text: String, _ printed: String) throws {
    let query = try TopicQuery(parsing: text)
    #expect(query.description == printed)
    #expect(try TopicQuery(parsing: query.description) == query)
  }

  @Test(arguments: [
    ("", "Type a word", nil), ("  ", "Type a word", nil), ("—", "Type a word", nil), ("\"\"", "Type a word", nil),
    ("bus\"\u{301}x", "second quotation mark", 3), ("\"bus lane", "second quotation mark", 0),
    ("-bus", "only excludes", 0), ("bus OR (-tram)", "only excludes", 8), ("OR tram", "both sides", 0),
    ("bus OR", "both sides", 4), ("bus OR )", "missing before", 7), ("bus OR OR tram", "both sides", 7),
    ("bus OR -tram", "can’t be one side", 7), ("-bus OR tram", "in brackets", 5), ("bus NOT tram", "minus", 4),
    ("(bus", "closing bracket", 0), ("bus)", "opening bracket", 3), ("bus ()", "nothing between", 4),
    ("ho*", "at least 3", 0), ("b*s", "at the end", 1), ("*", "at the end", 0),
    ("\"bus lan*\"", "between quotation", 8),
    ("co-op*", "letters and digits", 0), ("council:", "right behind the colon", 0),
    ("council:\"Leeds City\"", "address of the council", 0), ("person:Sm*", "in a filter", 9),
    ("topic:send", "no such filter", 0), ("title:\"x y\"", "no such filter", 0),
    ("(((((((a)))))))", "within each other", 6), ("é́ ho*", "at least 3", 2),
  ])
  func `what is no query is refused with advice that points at the place`(
    _ text: String,
    _ advice: String,
    _ offset: Int?
  ) {
    let problem = #expect(throws: QueryProblem.self) { try TopicQuery(parsing: text) }
    #expect(problem?.advice.contains(advice) == true, "\(problem?.description ?? "")")
    #expect(problem?.place?.offset == offset, "\(problem?.description ?? "")")
  }

  @Test func `a query is bounded`() {
    let long = String(repeating: "a", count: TopicQuery.maximumCharacters + 1)
    let many = (0...TopicQuery.maximumTerms).map { "w\($0)" }.joined(separator: " OR ")
    for text in [long, many] { #expect(throws: QueryProblem.self) { try TopicQuery(parsing: text) } }
    #expect(throws: QueryProblem.self) { try TopicQuery(parsing: String(repeating: "(", count: 500)) }
  }

  @Test(arguments: [("SEND", true), ("A&E", true), ("COVID-19", true), ("5G", false), ("Send", false), ("I", false)])
  func `a word in capitals has two letters or more and no small one`(_ word: String, _ isInCapitals: Bool) {
    #expect(TopicQuery.isInCapitals(word) == isInCapitals)
  }

  @Test func `phrases keep their quotation marks inside a sentence`() {
    #expect(TopicQuery.quoted("\"bus lane\" cycling") == "“‘bus lane’ cycling”")
  }

  @Test func `nothing typed becomes an operator of the search engine`() throws {
    #expect(
      try TopicQuery(parsing: "near \"a NEAR b\"").fullTextExpression.contains("\"near\" AND \"a \u{E001}NEAR b\"")
    )
    #expect(try TopicQuery(parsing: "near^2 {a}").fullTextExpression == "\"near 2\" AND \"a\"")
  }

  @Test(arguments: [
    "bus\"\u{301}x\"y", "a\"\u{200D}\" b", "\"\u{FE0F}bus\"", "x\u{301}\u{0}y", "NEAR(a b)", "a^b {c}", "café’s",
    "\u{E001}bus", "\u{E002}w", "Ⓐ ²", "a\u{0}b", "x:y", "+bus", "bus\u{202E}sub",
  ])
  func `whatever is typed, only our own quotation marks reach the search engine`(_ text: String) {
    guard let query = try? TopicQuery(parsing: text) else { return }
    let marks = query.fullTextExpression.unicodeScalars.count { $0 == "\"" }
    #expect(marks == 2 * query.root.leaves.count, "\(query.fullTextExpression)")
    #expect((try? TopicQuery(parsing: query.description)) == query)
  }

  @Test(arguments: Machine.seeds(4, deep: 40))
  func `random trees read back as themselves, and random text never crashes`(_ seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    for _ in 0..<500 {
      let query = RandomQueries.query(&random)
      let read = try TopicQuery(parsing: query.description)
      #expect(try TopicQuery(parsing: read.description) == read)
      let noise = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
        ["a", "OR", " ", "-", "(", ")", "\"", "*", ":", "council", "“", "SEND", "é", "\u{301}", "\n", "AND", "x’s"]
          .randomElement(using: &random) ?? ""
      }.joined()
      if let query = try? TopicQuery(parsing: noise) { #expect(try TopicQuery(parsing: query.description) == query) }
    }
  }

  @Test func `an extract escapes everything but its marks`() {
    let extract = MatchExtract(marked: "a <b> \u{2}bus\u{3}\n  lane")
    #expect(extract.html() == "a &lt;b&gt; <mark>bus</mark> · lane")
    #expect(extract.text == "a <b> *bus* · lane")
  }
}

/// Trees of every shape, over few words, so that they match something.
enum RandomQueries {
  static let words = ["bus", "lane", "housing", "houses", "SEND", "send", "Café", "tŷ", "19", "school", "A&E"]

  static func query(_ random: inout SplitMix) -> TopicQuery {
    TopicQuery(group(depth: 2, &random))
  }

  private static func group(depth: Int, _ random: inout SplitMix) -> TopicQuery.Group {
    TopicQuery.Group(
      required: (0..<Int.random(in: 1...2, using: &random)).map { _ in clause(depth: depth, &random) },
      excluded: (0..<Int.random(in: 0...1, using: &random)).map { _ in clause(depth: depth - 1, &random) }
    )
  }

  private static func clause(depth: Int, _ random: inout SplitMix) -> TopicQuery.Clause {
    switch Int.random(in: 0..<(depth > 0 ? 12 : 8), using: &random) {
    case 0..<4: .word(word(&random))
    case 4: .phrase([word(&random), word(&random)])
    case 5: .prefix(["hou", "sch", "SEN", "sen", "caf"].randomElement(using: &random) ?? "bus")
    case 6: .council(["leeds", "leeds-north"].randomElement(using: &random) ?? "leeds")
    case 7: Bool.random(using: &random) ? .committee([word(&random)]) : .person(["lane", word(&random)])
    case 8..<11: .any((0..<Int.random(in: 2...3, using: &random)).map { _ in clause(depth: depth - 1, &random) })
    default: .group(group(depth: depth - 1, &random))
    }
  }

  private static func word(_ random: inout SplitMix) -> String { words.randomElement(using: &random) ?? "bus" }
}
