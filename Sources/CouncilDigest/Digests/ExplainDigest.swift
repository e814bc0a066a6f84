import Foundation
import GRDB
import HTTPServer

/// `GET /api/v1/explain?subscriber=&meeting=&week=`: why a meeting was or was not in someone's digest, from what is
/// stored.
struct ExplainDigest: Sendable {
  let store: Store
  let timeZone: TimeZone

  private struct Item: Encodable {
    var subscriber: Int64
    var meeting: String
    var week: String
    var run: Int64?
    /// What became of the reader's letter of that week; nil when there was none.
    var letter: String?
    var window: Window?
    var carried: Bool
    /// Sentences, the decisive one first.
    var because: [String]

    struct Window: Encodable {
      var from: Date
      var to: Date
    }
  }

  func callAsFunction(_ request: Request) async throws -> Response {
    let query = try QueryString(request)
    var problems: [FieldProblem] = []
    func required(_ name: String, _ what: String) -> String {
      let text = query.first(name) ?? ""
      if text.isEmpty { problems.append(FieldProblem(name, "Required: \(what)")) }
      return text
    }
    let subscriber = required("subscriber", "a subscriber’s id or address")
    let reference = required("meeting", "a meeting as council/slug")
    let current = ISOWeek(containing: store.now(), in: timeZone)
    let week = query.first("week").map(ISOWeek.init(parsing:)) ?? current
    if week == nil { problems.append(FieldProblem("week", "Expected an ISO week like \(current)")) }
    if reference.split(separator: "/").count != 2, problems.isEmpty {
      problems.append(FieldProblem("meeting", "Expected council/slug"))
    }
    guard problems.isEmpty, let week else { throw Refusal.invalid(problems) }
    let item = try await store.read { [timeZone] database in
      guard let found = try Subscriber.find(reference: subscriber, database) else {
        throw Refusal.notFound("There is no subscriber “\(subscriber)”")
      }
      guard let meeting = try Meeting.find(reference: reference, database) else {
        throw Refusal.notFound("There is no meeting “\(reference)”")
      }
      return try Self.explain(found, meeting, week, ReadableDate(timeZone), database)
    }
    return try JSONOutput.response(.ok, item)
  }

  private static func explain(
    _ subscriber: Subscriber,
    _ meeting: Meeting,
    _ week: ISOWeek,
    _ dates: ReadableDate,
    _ database: Database
  ) throws -> Item {
    var item = Item(
      subscriber: subscriber.id,
      meeting: "\(meeting.councilSlug)/\(meeting.slug)",
      week: week.description,
      carried: false,
      because: []
    )
    guard let run = try DigestRun.last(of: week, database) else {
      item.because = ["There has been no digest run of \(week)."]
      item.because += try reasonsBefore(subscriber, meeting, week, dates, database)
      return item
    }
    item.run = run.id
    guard let letter = try DigestLetterRecord.find(run: run.id, subscriber: subscriber.id, database) else {
      item.because = try withoutLetter(subscriber, run, dates, database)
      return item
    }
    item.letter = letter.state.rawValue
    item.window = letter.from.map { .init(from: $0, to: run.to) }
    let content = try EditionContent.decode(letter.content)
    let revisions = try meeting.revisions(database)
    // What a correction or a late match brought is dated otherwise.
    var announced: Date?
    if let (section, entry) = content.find(revisions) {
      if !entry.reasons.isEmpty { announced = meeting.announcedAt }
      item.because = explain(entry, in: section) + [letter.fate(dates)]
    } else if content.corrections.contains(where: revisions.contains) {
      item.because = [
        "It was corrected after the reader had been sent an older text, and the letter says what was wrong.",
        letter.fate(dates),
      ]
    } else {
      item.because = try absence(of: meeting, letter, run, week, subscriber, dates, database)
      return item
    }
    item.carried = letter.isOnItsWay
    if !item.carried {
      let fate = [letter.fate(dates), try afterwards(meeting, announced, week, subscriber, dates, database)]
      item.because = fate + item.because.dropLast()
    }
    return item
  }

  private static func explain(
    _ entry: EditionContent.Item,
    in section: EditionContent.Section
  ) -> [String] {
    let followed = entry.reasons.map { "The reader follows \($0)." }
    let matched = entry.matches.map { match in
      let what =
        match.interest.isOwnQuery ? "their own query \(match.interest.name)" : "the topic \(match.interest.name)"
      return "It matches \(what): “\(match.extract.text)”"
    }
    return followed + matched
  }

  /// What became of an item whose letter did not leave.
  /// - Parameter announced: when it became news, where that is known.
  private static func afterwards(
    _ meeting: Meeting,
    _ announced: Date?,
    _ week: ISOWeek,
    _ subscriber: Subscriber,
    _ dates: ReadableDate,
    _ database: Database
  ) throws -> String {
    if let later = try DigestLetterRecord.carrying(meeting, to: subscriber.id, .after, week, database) {
      return "The digest of \(later.week) had it instead."
    }
    guard subscriber.state == .active else { return "Nothing is sent to them at the moment." }
    if let announced, let start = subscriber.windowStart, announced <= start {
      return "What was announced up to \(dates.dayAndTime(start)) counts as sent, so no other digest has it."
    }
    return "The next digest has it, if they still follow what it belongs to."
  }

  /// Why nobody wrote to them at all.
  private static func withoutLetter(
    _ subscriber: Subscriber,
    _ run: DigestRun,
    _ dates: ReadableDate,
    _ database: Database
  ) throws -> [String] {
    var because = ["The run of \(run.week) has no letter for this subscriber."]
    let confirmed = try Int64.fetchOne(
      database,
      sql: "SELECT min(confirmed_at) FROM consent WHERE subscriber_id = ?",
      arguments: [subscriber.id]
    ).map(Date.init(milliseconds:))
    switch subscriber.state {
    case .pending: because.append("They have not confirmed their address.")
    case .suppressed: because.append("Letters to the address are suppressed, because it refused them.")
    case .unsubscribed: because.append("They have unsubscribed.")
    case .active where confirmed.map { $0 > run.startedAt } ?? false:
      because.append("They confirmed on \(confirmed.map(dates.dayAndTime) ?? "a later day"), after the run had begun.")
    case .active where subscriber.isPaused(at: run.to):
      because.append("They have paused their digests until \(subscriber.pausedUntil.map(dates.day) ?? "a later day").")
    case .active where run.state == .planning: because.append("The run is still being planned.")
    case .active:
      because.append(
        "They may have paused then, or nothing they follow had any news and quiet weeks are skipped (digest.quiet_weeks)."
      )
    }
    return because
  }

  /// Why their letter left it out.
  private static func absence(
    of meeting: Meeting,
    _ letter: DigestLetterRecord,
    _ run: DigestRun,
    _ week: ISOWeek,
    _ subscriber: Subscriber,
    _ dates: ReadableDate,
    _ database: Database
  ) throws -> [String] {
    if let earlier = try DigestLetterRecord.carrying(meeting, to: subscriber.id, .before, week, database) {
      return [
        "The digest of \(earlier.week) had it already.", earlier.fate(dates),
      ]
    }
    return try reasons(for: meeting, from: letter.from, upTo: run.to, dates, database)
      + [try followed(meeting, by: subscriber, at: run.startedAt, database)]
      + [letter.fate(dates)]
  }

  private static func reasonsBefore(
    _ subscriber: Subscriber,
    _ meeting: Meeting,
    _ week: ISOWeek,
    _ dates: ReadableDate,
    _ database: Database
  ) throws -> [String] {
    if let earlier = try DigestLetterRecord.carrying(meeting, to: subscriber.id, .before, week, database) {
      return ["The digest of \(earlier.week) had it already.", earlier.fate(dates)]
    }
    return try reasons(for: meeting, from: subscriber.windowStart, upTo: nil, dates, database)
      + [try followed(meeting, by: subscriber, at: .distantFuture, database)]
  }

  /// What the meeting's own dates say against it.
  private static func reasons(
    for meeting: Meeting,
    from start: Date?,
    upTo end: Date?,
    _ dates: ReadableDate,
    _ database: Database
  ) throws -> [String] {
    guard meeting.content.summary != nil, let announced = meeting.announcedAt else {
      return ["The meeting has no summary, and only summaries are mailed."]
    }
    let isMailed = try Bool.fetchOne(
      database,
      sql: "SELECT is_mailed FROM meeting WHERE id = ?",
      arguments: [meeting.id]
    )
    if isMailed == false {
      return [
        meeting.notify == false
          ? "It is marked as not to be mailed (notify: false)."
          : "It was too old when it was announced, so it counts as archive (digest.max_meeting_age_days)."
      ]
    }
    if let end, announced > end {
      return [
        "It was announced on \(dates.dayAndTime(announced)), after the run had closed on \(dates.dayAndTime(end))."
      ]
    }
    if let start, announced <= start {
      return [
        "It was announced on \(dates.dayAndTime(announced)), and the reader’s digest starts after \(dates.dayAndTime(start))."
      ]
    }
    return []
  }

  private static func followed(
    _ meeting: Meeting,
    by subscriber: Subscriber,
    at date: Date,
    _ database: Database
  ) throws -> String {
    let names = try String.fetchAll(
      database,
      sql: """
        SELECT coalesce(council.name || coalesce(', ' || committee.name, ''), 'the topic ' || topic.name,
          'the query ' || topic_query.text)
        FROM subscription
        LEFT JOIN council ON council.id = subscription.council_id
        LEFT JOIN committee ON committee.id = subscription.committee_id
        LEFT JOIN topic ON topic.id = subscription.topic_id
        LEFT JOIN topic_query ON topic_query.id = subscription.topic_query_id
        WHERE subscription.subscriber_id = :subscriber AND subscription.started_at <= :date
          AND (subscription.ended_at IS NULL OR subscription.ended_at > :date)
        ORDER BY 1
        """,
      arguments: ["subscriber": subscriber.id, "date": date.milliseconds]
    )
    guard !names.isEmpty else { return "The reader followed nothing at the time." }
    return "The reader followed \(names.inProse())."
  }
}

extension EditionContent {
  fileprivate func find(_ revisions: Set<Int64>) -> (Section, Item)? {
    for section in sections {
      if let item = section.items.first(where: { revisions.contains($0.revision) }) { return (section, item) }
    }
    return nil
  }
}

extension Meeting {
  /// Of every text it had.
  fileprivate func revisions(_ database: Database) throws -> Set<Int64> {
    try Set(
      Int64.fetchAll(database, sql: "SELECT id FROM meeting_revision WHERE meeting_id = ?", arguments: [id])
    )
  }
}
