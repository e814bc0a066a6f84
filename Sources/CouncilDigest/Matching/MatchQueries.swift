import Foundation
import GRDB

/// Finds what people's own queries match among the meetings that may be news in a run. Batches of texts are indexed in
/// memory, and every query is put to each batch, so that the time grows with the words and the matches, and the memory
/// with neither.
enum MatchQueries {
  /// What was looked at and found, and how long it took.
  struct Tally: Equatable, Sendable {
    var meetings = 0
    /// Those that were asked: of who begins to follow one later, nothing is known yet.
    var asked: Set<Int64> = []
    var matches = 0
    var duration: Duration = .zero
  }

  /// Found for a run and stored. What was found before and is no more is gone.
  static func store(in store: Store, after start: Date, upTo end: Date) async throws -> Tally {
    let stamp = store.now()
    let began = ContinuousClock.now
    let questions = Questions.followed(by: nil, end: end)
    var (tally, work) = try await store.read { database in
      var asked: Set<Int64> = []
      try questions.each(database) { asked.insert($0.id) }
      guard !asked.isEmpty else { return (Tally(), Work()) }
      let meetings = try MatchableMeetings.load(after: start, upTo: end, database)
      let work = Work(meetings, hasProfessional: try questions.hasProfessional(database))
      return (Tally(meetings: meetings.entries.count, asked: asked), work)
    }
    // The transcripts' matches give way to those of summaries, so they come after all of them.
    for batches in [work.summaries, work.transcripts] {
      tally.matches += try await find(batches, questions, stamp, in: store)
    }
    for meeting in work.meetings {
      try await store.write { try QueryMatch.forget(of: meeting, unlessFoundSince: stamp, $0) }
    }
    tally.duration = .now - began
    while try await store.write({
      try QueryMatch.forget(announcedBefore: min(start, end.addingTimeInterval(-keptFor)), $0)
    }) {}
    return tally
  }

  /// Batches of texts to look at.
  private struct Work: Sendable {
    var summaries: [Batch] = []
    var transcripts: [Batch] = []
    var meetings: [Int64] = []

    init() {}

    init(_ meetings: MatchableMeetings, hasProfessional: Bool) {
      self.meetings = meetings.entries.map(\.meeting)
      summaries = meetings.batches(\.textCharacters).map(Batch.summaries)
      guard hasProfessional else { return }
      let transcribed = MatchableMeetings(entries: meetings.entries.filter { $0.transcriptCharacters > 0 })
      transcripts = transcribed.batches { $0.textCharacters + $0.transcriptCharacters }.map(Batch.transcripts)
    }
  }

  private enum Batch: Sendable {
    case summaries([MatchableMeetings.Entry])
    case transcripts([MatchableMeetings.Entry])

    func find(_ questions: Questions, _ database: Database, _ report: @escaping ([QueryMatch]) throws -> Void) throws {
      switch self {
      case .summaries(let entries): try findInSummaries(entries, questions, database, report)
      case .transcripts(let entries): try findInTranscripts(entries, questions, database, report)
      }
    }
  }

  /// Two batches at a time: one for each core, and no more memory than two have.
  private static func find(_ batches: [Batch], _ questions: Questions, _ stamp: Date, in store: Store) async throws
    -> Int
  {
    try await withThrowingTaskGroup { group in
      var matches = 0
      for (index, batch) in batches.enumerated() {
        if index >= batchesAtOnce { matches += try await group.next() ?? 0 }
        group.addTask { try await find(batch, questions, stamp, in: store) }
      }
      for try await found in group { matches += found }
      return matches
    }
  }

  private static let batchesAtOnce = 2

  private static func find(_ batch: Batch, _ questions: Questions, _ stamp: Date, in store: Store) async throws -> Int {
    try await store.read { database in
      var count = 0
      try batch.find(questions, database) { matches in
        count += matches.count
        try store.writeTogether { database in for match in matches { try match.put(stamp, database) } }
      }
      return count
    }
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
    let meetings = try MatchableMeetings.load(after: start, upTo: end, database)
    let work = Work(meetings, hasProfessional: try questions.hasProfessional(database))
    for batch in work.summaries + work.transcripts {
      try batch.find(questions, database) { matches in
        for match in matches { own.matches[match.query, default: []].append(try match.asKnown(database)) }
      }
    }
    return own
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
      guard let query = try? TopicQuery(printed: question.text) else { return }
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
      guard question.isProfessional, let query = try? TopicQuery(printed: question.text) else { return }
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
