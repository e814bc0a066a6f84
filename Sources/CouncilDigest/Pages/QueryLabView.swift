import Foundation
import GRDB
import HTTPServer

/// What a query has found, as its page shows it.
struct QueryLabView: Sendable {
  struct Link: Sendable {
    var label: String
    var path: String
  }

  struct Bar: Sendable {
    var x: Int
    var y: Int
    var height: Int
  }

  struct Row: Sendable {
    var label: String
    var meetings: Int
    var path: String?
  }

  struct Advice: Sendable {
    var sentence: String
    var link: Link?
  }

  struct Related: Sendable {
    var word: String
    var addPath: String
    var leaveOutPath: String
  }

  struct Fewer: Sendable {
    var title: String
    var path: String
    var links: [Link]
  }

  /// As it is followed.
  var query: String
  var hasFound: Bool
  /// "14 meetings in the last 12 months".
  var count: String
  /// How often that is.
  var pace: String?
  var last: String?
  var bars: [Bar]
  var most: String
  var firstWeek: String
  var chartTitle: String
  var weeks: [Row]
  var councils: [Row]
  var newest: [MeetingEntry]
  var hasMore: Bool
  var searchPath: String
  var advice: [Advice]
  var related: [Related]
  var hasRelated: Bool
  /// Curated, and about the same.
  var topics: [Link]
  var hasTopics: Bool
  var fewer: Fewer?
  var box: SubscribeBox?
  /// Why it can't be followed.
  var refusal: String?
  var requestPath: String

  static func path(of query: String) -> String { "/query?q=\(percentEncoded(query))" }

  /// With one more clause; nil when there is no room for it.
  private static func path(of query: String, and clause: String) -> String? {
    let longer = "\(query) \(clause)"
    return longer.count <= TopicQuery.maximumCharacters ? path(of: longer) : nil
  }

  private static let shownMeetings = 10
  private static let shownCouncils = 12
  private static let sampledMeetings = 40
  /// Beyond those that are shown.
  private static let sampledBytes = 100_000
}

extension QueryLabView {
  init(
    _ query: TopicQuery,
    _ text: String,
    fewer reference: String?,
    now: Date,
    _ zone: TimeZone,
    _ usual: UsualWords,
    _ database: Database
  ) throws {
    let history = try QueryHistory.load(query, now: now, timeZone: zone, database)
    let printed = query.description
    let dates = ReadableDate(zone)
    let found = history.found.count
    self.query = printed
    hasFound = found > 0
    count =
      history.isCut
      ? "More than \(QueryHistory.maximumFound) meetings in the last 12 months"
      : found == 1 ? "1 meeting in the last 12 months" : "\(found) meetings in the last 12 months"
    pace = Self.pace(history.reach)
    last = history.found.first.map { dates.shortDay($0.startsAt) }
    let peak = history.weeks.map(\.meetings).max() ?? 0
    let skipped = QueryHistory.shownWeeks - history.weeks.count
    bars = history.weeks.enumerated().map { Self.bar(skipped + $0, $1.meetings, peak: peak) }
    most = peak == 1 ? "1 meeting" : "\(peak) meetings"
    firstWeek = history.weeks.first.map { dates.shortDay($0.monday) } ?? ""
    chartTitle = "Meetings a week since \(firstWeek), \(most) at most"
    weeks = history.weeks.reversed().filter { $0.meetings > 0 }.map {
      Row(label: "Week of \(dates.shortDay($0.monday))", meetings: $0.meetings)
    }
    let names = try Self.councils(history.councils.prefix(Self.shownCouncils).map(\.council), database)
    let isOneCouncil = query.root.required.contains { if case .council = $0 { true } else { false } }
    councils = history.councils.prefix(Self.shownCouncils).compactMap { id, meetings in
      guard let council = names[id] else { return nil }
      let path = isOneCouncil ? nil : Self.path(of: "\(printed) council:\(council.slug)")
      return Row(label: council.name, meetings: meetings, path: path)
    }
    let sample = try Self.sample(history.found, database)
    let index = try TextIndex(sample.map { TextIndex.Text($0, $1) }, database)
    let shown = history.found.prefix(Self.shownMeetings).map(\.meeting)
    let extracts = MeetingSearch.Found.extracts(of: query, from: shown, in: index)
    newest = try MeetingEntry.found(shown, extracts, zone, database)
    hasMore = found > Self.shownMeetings
    searchPath = "/search?q=\(percentEncoded(printed))"
    advice = QueryAdvice.advice(on: text, query, found: found).map { advice in
      Advice(sentence: advice.sentence, link: advice.instead.map { Link(label: $0, path: Self.path(of: $0)) })
    }
    related = try RelatedWords.find(in: index, for: query, usual, now: now, database).compactMap { word in
      guard let add = Self.path(of: printed, and: word), let leaveOut = Self.path(of: printed, and: "-\(word)") else {
        return nil
      }
      return Related(word: word, addPath: add, leaveOutPath: leaveOut)
    }
    hasRelated = !related.isEmpty
    let asked = Set(query.root.wantedLeaves.compactMap(\.sought).flatMap(index.stems(of:)))
    topics = try RelatedTopics.find(asked, sample.map(\.meeting), database).map {
      Link(label: $0.name, path: $0.path)
    }
    hasTopics = !topics.isEmpty
    fewer = try reference.flatMap { try Self.fewer($0, query, sample, usual, now: now, zone, database) }
    refusal = history.reach.refusal(of: query)
    box = refusal == nil ? SubscribeBox(field: "query", reference: printed, name: TopicQuery.quoted(printed)) : nil
    requestPath = "/topics/request?query=\(percentEncoded(printed))"
  }

  /// The newest that are found: those that are shown, and as many more as are quickly read.
  private static func sample(
    _ found: [MeetingSearch.Found],
    _ database: Database
  ) throws -> [(meeting: Int64, text: MeetingText)] {
    var sample = try MeetingText.fetch(found.prefix(shownMeetings).map(\.meeting), database)
    var bytes = sample.reduce(0) { $0 + $1.text.summary.utf8.count }
    for meeting in found.prefix(sampledMeetings).dropFirst(shownMeetings).map(\.meeting) {
      guard bytes < sampledBytes else { break }
      for text in try MeetingText.fetch([meeting], database) {
        sample.append(text)
        bytes += text.text.summary.utf8.count
      }
    }
    return sample
  }

  /// Of one or two meetings nothing can be said.
  private static func pace(_ reach: QueryReach) -> String? {
    guard reach.meetings > 2 else { return nil }
    let perWeek = reach.perWeek
    if perWeek >= 1.5 { return "about \(Int(perWeek.rounded())) a week" }
    if perWeek > 0.75 { return "about one a week" }
    let weeks = Int((1 / perWeek).rounded())
    return weeks > 30 ? "one or two a year" : "about one in \(weeks) weeks"
  }

  private static func bar(_ index: Int, _ meetings: Int, peak: Int) -> Bar {
    let height = meetings == 0 ? 1 : max(4, meetings * chartHeight / max(1, peak))
    return Bar(x: index * 12 + 1, y: chartHeight - height, height: height)
  }

  private static let chartHeight = 120

  private static func councils(_ ids: [Int64], _ database: Database) throws -> [Int64: Council] {
    try ids.reduce(into: [:]) { $0[$1] = try Council.find(id: $1, database) }
  }

  private static func fewer(
    _ reference: String,
    _ query: TopicQuery,
    _ sample: [(meeting: Int64, text: MeetingText)],
    _ usual: UsualWords,
    now: Date,
    _ zone: TimeZone,
    _ database: Database
  ) throws -> Fewer? {
    guard let meeting = try Meeting.find(reference: reference, database) else { return nil }
    let own = try MeetingText.fetch([meeting.id], database)
    let others = sample.filter { $0.meeting != meeting.id }
    let index = try TextIndex((own + others).map { TextIndex.Text($0, $1) }, database)
    let words = own.isEmpty ? [] : try RelatedWords.ofOne(0, in: index, for: query, usual, now: now, database)
    let printed = query.description
    var links = words.compactMap { word in
      path(of: printed, and: "-\(word)").map { Link(label: "without “\(word)”", path: $0) }
    }
    if let title = try? TopicQuery(parsing: "x -committee:\"\(meeting.content.committee.replacing("\"", with: " "))\"")
    {
      if let path = path(of: printed, and: String(title.description.dropFirst(2))) {
        links.append(Link(label: "without \(meeting.content.committee)", path: path))
      }
    }
    return Fewer(
      title: "\(meeting.content.committee), \(ReadableDate(zone).shortDay(meeting.content.start))",
      path: meeting.path,
      links: links
    )
  }
}
