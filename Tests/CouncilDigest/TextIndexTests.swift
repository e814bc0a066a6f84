import GRDB
import TestSupport
import Testing

@testable import CouncilDigest

@Suite struct TextIndexTests {
  private func database(_ texts: [(council: String, text: MeetingText)]) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.prepareDatabase { $0.add(tokenizer: WordTokenizer.self) }
    let queue = try DatabaseQueue(configuration: configuration)
    try queue.write { database in
      try database.execute(
        sql:
          "CREATE VIRTUAL TABLE meeting_text USING fts5(council, title, summary, attendees, documents, tokenize = words)"
      )
      for (index, text) in texts.enumerated() { try text.text.put(for: Int64(index), database) }
    }
    return queue
  }

  private func meeting(
    _ summary: String,
    title: String = "Cabinet",
    attendees: [String] = [],
    council: String = "leeds"
  ) -> (council: String, text: MeetingText) {
    var content = MeetingContent(
      committee: title,
      startsAt: "2026-11-20T10:00:00Z",
      status: .held,
      attendees: attendees.map { .init(name: $0) },
      documents: []
    )
    content.summary = summary
    return (council, MeetingText(content, council: council))
  }

  /// By SQLite's index and by ours.
  private func matches(_ query: TopicQuery, _ queue: DatabaseQueue) throws -> (sqlite: [Int], own: [Int]) {
    try queue.read { database in
      let found = try Int.fetchAll(
        database,
        sql: "SELECT rowid FROM meeting_text WHERE meeting_text MATCH ? ORDER BY rowid",
        arguments: [query.fullTextExpression]
      )
      let rows = try Row.fetchAll(database, sql: "SELECT rowid, * FROM meeting_text ORDER BY rowid")
      let texts = rows.map { row in
        let council: String = row["council"]
        return TextIndex.Text(
          id: row["rowid"],
          council: String(council.unicodeScalars.dropFirst()).replacing("\u{E003}", with: "-"),
          columns: [
            (.title, row["title"]), (.summary, row["summary"]), (.attendees, row["attendees"]),
            (.documents, row["documents"]),
          ]
        )
      }
      return (found, try TextIndex(texts, database).texts(matching: query).members)
    }
  }

  @Test(arguments: [
    ("house", "Council houses were built", true), ("bus", "Buses", true), ("children", "one child", true),
    ("licence", "Licensing", true), ("bus", "business", false), ("housing", "the house", true),
    ("SEND", "we send it", false),
    ("SEND", "the SEND review", true), ("send", "the SEND review", true), ("SEND*", "SENDIST met", true),
    ("SEND*", "sending", false), ("happi*", "happy", false), ("happi*", "happiness", true), ("hap*", "happy", true),
    ("cafe", "Café", true), ("café", "cafe", true), ("ty", "Tŷ Hywel", true), ("\"bus lane\"", "bus lanes", true),
    ("\"bus lane\"", "lane bus", false), ("\"bus lane\"", "a bus. Lane closures", true), ("bus lane", "lane bus", true),
    ("\"SEND tribunal\"", "the SEND tribunals", true), ("\"SEND tribunal\"", "send tribunals", false),
    ("a OR b -c", "a c", false), ("a OR b -c", "b", true), ("x (a OR b)", "x", false), ("A&E", "the A&E unit", true),
    ("A&E", "a & e", false), ("COVID-19", "COVID 19", true), ("council’s", "the council’s plan", true),
    ("committee:cabinet", "words", true), ("committee:words", "words", false), ("person:\"jane smith\"", "words", true),
    ("person:\"smith jane\"", "words", false), ("\"smith lee\"", "words", true), ("council:leeds", "words", true),
    ("council:leeds-north", "words", false), ("leeds", "words", false), ("council:leeds -words", "words", false),
    ("(words OR council:york) cabinet", "words", true), ("\"words jane\"", "words", false), ("14:00", "at 14.00", true),
  ])
  func `a query means the same to both indexes`(_ text: String, _ summary: String, _ isMatch: Bool) throws {
    let queue = try database([meeting(summary, attendees: ["Cllr Jane Smith", "Lee Wong"])])
    let found = try matches(TopicQuery(parsing: text), queue)
    #expect(found.sqlite == (isMatch ? [0] : []))
    #expect(found.own == found.sqlite)
  }

  @Test(arguments: Machine.seeds(3, deep: 30))
  func `random queries find the same in both indexes`(_ seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    func words(_ count: Int) -> String {
      (0..<Int.random(in: 0...count, using: &random)).map { _ in RandomQueries.words.randomElement(using: &random) ?? ""
      }
      .joined(separator: [" ", ", ", "\n", "-"].randomElement(using: &random) ?? " ")
    }
    let texts = (0..<130).map { _ in
      meeting(
        words(6),
        title: words(2),
        attendees: [words(2), words(2)],
        council: Bool.random(using: &random) ? "leeds" : "leeds-north"
      )
    }
    let queue = try database(texts)
    var total = 0
    for _ in 0..<300 {
      let query = RandomQueries.query(&random)
      let found = try matches(query, queue)
      #expect(found.own == found.sqlite, "\(query)")
      total += found.own.count
    }
    #expect(total > 1_000)
  }

  @Test func `a mark that is typed or pasted is no mark`() throws {
    let queue = try database([meeting("\u{E001}send \u{E002}york", council: "leeds")])
    for text in ["SEND", "council:york"] {
      #expect(try matches(TopicQuery(parsing: text), queue).sqlite == [])
    }
    #expect(try matches(TopicQuery(parsing: "send"), queue).sqlite == [0])
  }

  @Test(arguments: [
    ("bus", "One. Two three. The *bus* is late."),
    ("bus tram", "A *bus* here, and there a *tram*."),
    ("\"bus lane\" OR ferry", "New *bus lanes* are planned for the high street."),
    ("bus -ferry", "The *bus* stops."),
    ("council:leeds", "Nothing to mark here."),
  ])
  func `an extract marks what was asked for`(_ query: String, _ marked: String) throws {
    let text = marked.replacing("*", with: "")
    let queue = try database([meeting(text)])
    let extract = try queue.read { database in
      let index = try TextIndex([TextIndex.Text(0, meeting(text).text)], database)
      var find = FindExtract(in: 0, of: index)
      return find(try TopicQuery(parsing: query))
    }
    #expect(extract.text == marked)
  }

  @Test func `an extract begins with a sentence near the words and is cut at both ends of a long text`() throws {
    let filler = Array(repeating: "filler", count: 60).joined(separator: " ")
    let text = "\(filler). The panel asked about the tram. \(filler)"
    let queue = try database([meeting(text)])
    let extract = try queue.read { database in
      var find = FindExtract(in: 0, of: try TextIndex([TextIndex.Text(0, meeting(text).text)], database))
      return find(try TopicQuery(parsing: "tram"))
    }
    #expect(extract.text.hasPrefix("…The panel asked about the *tram*. filler"))
    #expect(extract.text.hasSuffix("filler…"))
  }
}
