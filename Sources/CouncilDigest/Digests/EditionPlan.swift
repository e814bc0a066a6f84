import Foundation

/// What a run may carry, loaded once; decides each subscriber's edition without touching the store again.
struct EditionPlan: Sendable {
  /// A meeting that is announced and mailed.
  struct Candidate: Hashable, Sendable {
    var revision: Int64
    var council: Int64
    var committee: Int64
    var startsAt: Date
    var announcedAt: Date
  }

  /// A meeting that took place.
  struct Sitting: Equatable, Sendable {
    var council: Int64
    var committee: Int64
    var startsAt: Date
    var hasSummary: Bool
  }

  /// A meeting of the next fortnight.
  struct Upcoming: Equatable, Sendable {
    var revision: Int64
    var committee: Int64
  }

  /// A candidate that a topic or query matches.
  struct Hit: Equatable, Sendable {
    var candidate: Candidate
    var extract: MatchExtract
    /// When it became news, where a correction or a transcript brought the words after the announcement.
    var countsFrom: Date?
    /// When professional readers heard of it by the transcript, before the summary had the words.
    var heardFrom: Date?
    /// Only the transcript has the words.
    var isInTranscript = false

    func instant(for reader: Reader) -> Date {
      max(candidate.announcedAt, (reader.isProfessional ? heardFrom : nil) ?? countsFrom ?? .distantPast)
    }
  }

  /// What can be followed, by id.
  struct Names: Sendable {
    var councils: [Int64: Council] = [:]
    /// With the council each belongs to.
    var committees: [Int64: (name: String, council: Int64)] = [:]
    var topics: [Int64: String] = [:]
    var topicQueries: [Int64: String] = [:]
    var queries: [Int64: String] = [:]
  }

  /// All of a subscriber that decides what their edition is.
  struct Reader: Hashable, Sendable {
    /// Exclusive.
    var windowStart: Date
    var density: Subscriber.Density
    var follows: [FollowKey]
    /// May read transcripts, so hears of what only they say.
    var isProfessional = false
    /// Revisions that correct what they were sent.
    var corrections: [Int64] = []
    /// Revisions of what a letter has carried to them already, though their window reaches back before it.
    var had: Set<Int64> = []
  }

  var week: String
  /// The earliest of the windows it can fill.
  var from = Date.distantPast
  var end: Date
  var names: Names
  /// By council, in the order they are shown.
  var candidates: [Int64: [Candidate]] = [:]
  /// The same by meeting.
  var meetings: [Int64: Candidate] = [:]
  /// When words of theirs changed or came after they were announced.
  var changes: Set<Date> = []
  var hits: [FollowKey: [Hit]] = [:]
  var sittings: [Int64: [Sitting]] = [:]
  var upcoming: [Int64: [Upcoming]] = [:]
  /// Whether a reader without any item hears why.
  var mailsQuietWeeks: Bool

  /// When what topics matched later than it was announced became news. Own queries' are among the changes.
  var lateInstants: Set<Date> {
    Set(hits.values.joined().flatMap { [$0.countsFrom, $0.heardFrom].compactMap(\.self) }).union(changes)
  }

  /// Reasons of one item that are shown.
  private static let maximumMatches = 5

  /// The edition of one reader, or nil when there is nothing to say.
  func content(for reader: Reader) -> EditionContent? {
    let hits = hits(for: reader)
    let byRevision = Dictionary(grouping: hits, by: \.hit.candidate.revision)
    let followed = Set(reader.follows.compactMap(council))
    let others = Set(hits.map(\.hit.candidate.council)).subtracting(followed)
    let matched = Set(hits.map(\.key))
    let sections = (sorted(followed) + sorted(others)).map { council in
      section(of: council, for: reader, byRevision, isFollowed: followed.contains(council.id))
    }
    let content = EditionContent(
      week: week,
      density: reader.density,
      follows: reader.follows.compactMap(name).sorted(),
      sections: sections,
      corrections: reader.corrections,
      unmatched: reader.follows.filter { !matched.contains($0) }.compactMap(interest)
    )
    let isBlank = sections.isEmpty && content.unmatched.isEmpty && content.corrections.isEmpty
    let saysSomething = content.itemCount > 0 || !content.corrections.isEmpty
    return isBlank || !(saysSomething || mailsQuietWeeks) ? nil : content
  }

  /// What is news to the reader. A meeting is none that matched something of theirs before.
  private func hits(for reader: Reader) -> [(key: FollowKey, hit: Hit)] {
    let all = reader.follows.flatMap { key in
      (hits[key] ?? []).filter { $0.instant(for: reader) <= end && (reader.isProfessional || !$0.isInTranscript) }
        .map { (key: key, hit: $0) }
    }
    let recent = MatchableMeetings.recent(at: end)
    let had = Set(all.filter { $0.hit.instant(for: reader) <= reader.windowStart }.map(\.hit.candidate.revision))
    return all.filter { _, hit in
      guard !reader.had.contains(hit.candidate.revision) else { return false }
      guard !isInWindow(hit.candidate, of: reader) else { return true }
      let isCovered = reader.follows.contains { $0.covers(hit.candidate.committee, of: hit.candidate.council) }
      return hit.instant(for: reader) > reader.windowStart && !isCovered
        && !had.contains(hit.candidate.revision) && hit.candidate.announcedAt > recent
    }
  }

  private func isInWindow(_ candidate: Candidate, of reader: Reader) -> Bool {
    candidate.announcedAt > reader.windowStart && candidate.announcedAt <= end
      && !reader.had.contains(candidate.revision)
  }

  private func sorted(_ ids: Set<Int64>) -> [Council] {
    ids.compactMap { names.councils[$0] }.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
  }

  private func section(
    of council: Council,
    for reader: Reader,
    _ hits: [Int64: [(key: FollowKey, hit: Hit)]],
    isFollowed: Bool
  ) -> EditionContent.Section {
    let follows = reader.follows
    let items = (candidates[council.id] ?? []).compactMap { candidate -> EditionContent.Item? in
      let covering = isInWindow(candidate, of: reader) ? follows : []
      let reasons = covering.filter { $0.covers(candidate.committee, of: council.id) }.compactMap(name)
      let matches = (hits[candidate.revision] ?? []).prefix(Self.maximumMatches).compactMap { key, hit in
        interest(key).map {
          EditionContent.Match(interest: $0, extract: hit.extract, isInTranscript: hit.isInTranscript ? true : nil)
        }
      }
      guard !reasons.isEmpty || !matches.isEmpty else { return nil }
      return EditionContent.Item(revision: candidate.revision, reasons: reasons, matches: matches)
    }
    let upcoming = (upcoming[council.id] ?? []).filter { meeting in
      follows.contains { $0.covers(meeting.committee, of: council.id) }
    }
    return EditionContent.Section(
      council: council.name,
      shortName: council.shortName,
      path: council.path,
      timeZone: council.details.timeZone,
      items: items,
      quiet: items.isEmpty && isFollowed ? quiet(council.id, for: reader) : nil,
      upcoming: upcoming.map(\.revision)
    )
  }

  private func quiet(_ council: Int64, for reader: Reader) -> EditionContent.Quiet {
    let sittings = (sittings[council] ?? []).filter { sitting in
      sitting.startsAt > reader.windowStart && sitting.startsAt <= end
        && reader.follows.contains { $0.covers(sitting.committee, of: council) }
    }
    let waiting = sittings.filter { !$0.hasSummary }
    return !waiting.isEmpty ? .papersPending(waiting.count) : sittings.isEmpty ? .noMeetings : .nothingNew
  }

  // MARK: What is followed

  private func council(_ key: FollowKey) -> Int64? {
    switch key {
    case .council(let id): id
    case .committee(let id): names.committees[id]?.council
    case .topic, .query: nil
    }
  }

  private func name(_ key: FollowKey) -> String? {
    switch key {
    case .council(let id): names.councils[id]?.name
    case .committee(let id):
      names.committees[id].flatMap { committee in
        names.councils[committee.council].map { "\(committee.name), \($0.name)" }
      }
    case .topic(let id): names.topics[id].map { "the topic \($0)" }
    case .query(let id): names.queries[id].map { "your own query \(TopicQuery.quoted($0))" }
    }
  }

  private func interest(_ key: FollowKey) -> EditionContent.Interest? {
    switch key {
    case .council, .committee: nil
    case .topic(let id): names.topics[id].map { .init(name: $0, isOwnQuery: false, topicQuery: names.topicQueries[id]) }
    case .query(let id): names.queries[id].map { .init(name: $0, isOwnQuery: true) }
    }
  }
}

/// What a subscription follows, by id.
enum FollowKey: Hashable, Sendable {
  case council(Int64)
  case committee(Int64)
  case topic(Int64)
  case query(Int64)

  /// - Parameter target: something in the store.
  init(_ target: FollowTarget) {
    switch target {
    case .council(let council): self = .council(council.id)
    case .committee(let committee, _): self = .committee(committee.id)
    case .topic(let topic): self = .topic(topic.id)
    case .query(let query): self = .query(query.id)
    }
  }

  func covers(_ committee: Int64, of council: Int64) -> Bool {
    self == .council(council) || self == .committee(committee)
  }
}
