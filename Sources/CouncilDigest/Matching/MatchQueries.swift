import Foundation
import GRDB

/// Finds what people's own queries match among the meetings that may be news in a run. Batches of texts are indexed in
/// memory, and every query is put to each batch, so that the time grows with the words and the matches, and the memory
/// with neither.
enum MatchQueries {
  /// What was looked at and found, and how long it took.
  struct Tally: Equatable, Sendable {
    var meetings = 0
    var queries = 0
    var matches = 0
    var duration: Duration = .zero
  }

  /// Found for a run and stored. What was found before and is no more is gone.
  static func store(in store: Store, after start: Date, upTo end: Date) async throws -> Tally {
    let stamp = store.now()
    let began = ContinuousClock.now
    var tally = try await store.read { database in
      let questions = Questions.followed(by: nil, end: end)
      var tally = Tally(queries: try questions.count(database))
      guard tally.queries > 0 else { return tally }
      let meetings = try find(questions, after: start, upTo: end, database) { matches in
        tally.matches += matches.count
        try store.writeTogether { database in for match in matches { try match.put(stamp, database) } }
      }
      for meeting in meetings {
        try store.writeTogether { try QueryMatch.forget(of: meeting, unlessFound: stamp, $0) }
      }
      tally.meetings = meetings.count
      return tally
    }
    tally.duration = .now - began
    while try await store.write({ try QueryMatch.forget(announcedBefore: end.addingTimeInterval(-keptFor), $0) }) {}
    return tally
  }

  /// For explaining what was mailed.
  private static let keptFor: TimeInterval = 120 * 86_400

  /// The same for one subscriber, without storing anything.
  static func matches(
    of subscriber: Int64,
    after start: Date,
    upTo end: Date,
    _ database: Database
  ) throws -> OwnQueryMatches {
    try collect(.followed(by: subscriber, end: end), after: start, upTo: end, database)
  }

  /// The same for queries that nobody follows yet; their ids are -1, -2 and so on.
  static func matches(
    of queries: [TopicQuery],
    after start: Date,
    upTo end: Date,
    _ database: Database
  ) throws -> OwnQueryMatches {
    try collect(.tried(queries), after: start, upTo: end, database)
  }

  private static func collect(
    _ questions: Questions,
    after start: Date,
    upTo end: Date,
    _ database: Database
  ) throws -> OwnQueryMatches {
    var own = OwnQueryMatches()
    try questions.each(database) { own.texts[$0.id] = $0.text }
    guard !own.texts.isEmpty else { return own }
    _ = try find(questions, after: start, upTo: end, database) { matches in
      for match in matches { own.matches[match.query, default: []].append(try match.asKnown(database)) }
    }
    return own
  }

  /// - Returns: the meetings that were looked at.
  private static func find(
    _ questions: Questions,
    after start: Date,
    upTo end: Date,
    _ database: Database,
    _ report: @escaping ([QueryMatch]) throws -> Void
  ) throws -> [Int64] {
    let meetings = try MatchableMeetings.load(after: start, upTo: end, database)
    for batch in meetings.batches(\.textBytes) { try findInSummaries(batch, questions, database, report) }
    if try questions.hasProfessional(database) {
      let transcribed = MatchableMeetings(entries: meetings.entries.filter { $0.transcriptBytes > 0 })
      for batch in transcribed.batches({ $0.textBytes + $0.transcriptBytes }) {
        try findInTranscripts(batch, questions, database, report)
      }
    }
    return meetings.entries.map(\.meeting)
  }

  private static func findInSummaries(
    _ batch: [MatchableMeetings.Entry],
    _ questions: Questions,
    _ database: Database,
    _ report: @escaping ([QueryMatch]) throws -> Void
  ) throws {
    let index = try TextIndex(
      MeetingText.fetch(batch.map(\.meeting), database).map { TextIndex.Text($0, $1) },
      database
    )
    let changes = Dictionary(
      uniqueKeysWithValues: batch.compactMap { entry in entry.changed.map { (entry.meeting, $0) } }
    )
    let earlier = try TextIndex(earlierTexts(changes, database), database)
    var finders = Finders(index)
    var chunk = Chunk(report)
    try questions.each(database) { question in
      guard let query = try? TopicQuery(parsing: question.text) else { return }
      let texts = index.texts(matching: query)
      guard !texts.isEmpty else { return }
      let had = Set(earlier.texts(matching: query).members.map { earlier.texts[$0].id })
      for text in texts.members {
        let meeting = index.texts[text].id
        try chunk.add(
          QueryMatch(
            query: question.id,
            meeting: meeting,
            extract: finders.extract(query, text),
            countsFrom: had.contains(meeting) ? nil : changes[meeting]?.at
          )
        )
      }
    }
    try chunk.flush()
  }

  private static func findInTranscripts(
    _ batch: [MatchableMeetings.Entry],
    _ questions: Questions,
    _ database: Database,
    _ report: @escaping ([QueryMatch]) throws -> Void
  ) throws {
    let entries = Dictionary(uniqueKeysWithValues: batch.map { ($0.meeting, $0) })
    let texts = try MeetingText.fetch(batch.map(\.meeting), database)
    let open = try TextIndex(texts.map { TextIndex.Text($0, $1) }, database)
    let whole = try TextIndex(
      texts.map { meeting, text in
        let transcript = try String.fetchOne(
          database,
          cached: "SELECT text FROM transcript WHERE meeting_id = ?",
          arguments: [meeting]
        )
        return TextIndex.Text(meeting, text, transcript: transcript.map(WordTokenizer.Mark.strip))
      },
      database
    )
    var finders = Finders(whole)
    var chunk = Chunk(report)
    try questions.each(database) { question in
      guard question.isProfessional, let query = try? TopicQuery(parsing: question.text) else { return }
      let found = whole.texts(matching: query) & ~open.texts(matching: query)
      for text in found.members {
        let meeting = whole.texts[text].id
        try chunk.add(
          QueryMatch(
            query: question.id,
            meeting: meeting,
            extract: finders.extract(query, text),
            isInTranscript: true,
            countsFrom: entries[meeting]?.transcriptAt
          )
        )
      }
    }
    try chunk.flush()
  }

  /// As they read before they changed.
  private static func earlierTexts(
    _ changes: [Int64: MatchableMeetings.Change],
    _ database: Database
  ) throws -> [TextIndex.Text] {
    try changes.sorted { $0.key < $1.key }.compactMap { meeting, change in
      let row = try Row.fetchOne(
        database,
        cached: """
          SELECT meeting_revision.content, council.slug FROM meeting_revision
          JOIN meeting ON meeting.id = meeting_revision.meeting_id JOIN council ON council.id = meeting.council_id
          WHERE meeting_revision.id = ?
          """,
        arguments: [change.before]
      )
      return try row.map {
        TextIndex.Text(meeting, MeetingText(try MeetingContent.decode($0["content"]), council: $0["slug"]))
      }
    }
  }

  /// Matches on their way to be stored, some at a time.
  private struct Chunk {
    private let report: ([QueryMatch]) throws -> Void
    private var matches: [QueryMatch] = []
    private static let size = 1_000

    init(_ report: @escaping ([QueryMatch]) throws -> Void) { self.report = report }

    mutating func add(_ match: QueryMatch) throws {
      matches.append(match)
      if matches.count >= Self.size { try flush() }
    }

    mutating func flush() throws {
      if !matches.isEmpty { try report(matches) }
      matches.removeAll(keepingCapacity: true)
    }
  }

  /// One for each text that was matched.
  private struct Finders {
    private let index: TextIndex
    private var finders: [FindExtract?]

    init(_ index: TextIndex) {
      self.index = index
      finders = Array(repeating: nil, count: index.texts.count)
    }

    mutating func extract(_ query: TopicQuery, _ text: Int) -> MatchExtract {
      if finders[text] == nil { finders[text] = FindExtract(in: text, of: index) }
      return finders[text]?(query) ?? MatchExtract(marked: "")
    }
  }
}
