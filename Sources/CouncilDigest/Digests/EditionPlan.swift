import Foundation
import GRDB

/// What a run may carry, loaded once; decides each subscriber's edition without touching the store again.
struct EditionPlan: Sendable {
  /// A meeting that is announced and mailed.
  struct Candidate: Equatable, Sendable {
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

  struct Reader: Equatable, Sendable {
    var windowStart: Date
    var density: Subscriber.Density
    var follows: [FollowTarget]
  }

  var week: String
  var end: Date
  /// By council, in the order they are shown.
  var candidates: [Int64: [Candidate]]
  var sittings: [Int64: [Sitting]]
  /// Whether a reader without any item hears why.
  var mailsQuietWeeks: Bool

  /// The edition of one reader, or nil when there is nothing to say.
  func content(for reader: Reader) -> EditionContent? {
    let sections = councils(in: reader.follows).map { section(of: $0, for: reader) }
    let content = EditionContent(
      week: week,
      density: reader.density,
      follows: reader.follows.map(\.name).sorted(),
      sections: sections
    )
    guard !sections.isEmpty, content.itemCount > 0 || mailsQuietWeeks else { return nil }
    return content
  }

  private func councils(in follows: [FollowTarget]) -> [Council] {
    var councils: [Council] = []
    for target in follows where !councils.contains(where: { $0.id == target.council.id }) {
      councils.append(target.council)
    }
    return councils.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
  }

  private func section(of council: Council, for reader: Reader) -> EditionContent.Section {
    let targets = reader.follows.filter { $0.council.id == council.id }
    let items = (candidates[council.id] ?? []).compactMap { candidate -> EditionContent.Item? in
      guard candidate.announcedAt > reader.windowStart, candidate.announcedAt <= end else { return nil }
      let reasons = targets.filter { $0.covers(committee: candidate.committee) }.map(\.name)
      return reasons.isEmpty ? nil : .init(revision: candidate.revision, reasons: reasons)
    }
    let sittings = (sittings[council.id] ?? []).filter { sitting in
      sitting.startsAt > reader.windowStart && sitting.startsAt <= end
        && targets.contains { $0.covers(committee: sitting.committee) }
    }
    let waiting = sittings.filter { !$0.hasSummary }
    let quiet: EditionContent.Quiet =
      !waiting.isEmpty ? .papersPending(waiting.count) : sittings.isEmpty ? .noMeetings : .nothingNew
    return EditionContent.Section(
      council: council.name,
      shortName: council.shortName,
      path: council.path,
      timeZone: council.details.timeZone,
      items: items,
      quiet: items.isEmpty ? quiet : nil
    )
  }
}

extension FollowTarget {
  func covers(committee id: Int64) -> Bool { committee.map { $0.id == id } ?? true }
}

extension EditionPlan {
  /// Loads what can matter to any active subscriber of a run.
  static func load(week: String, end: Date, mailsQuietWeeks: Bool, _ database: Database) throws -> EditionPlan {
    let oldest = try Int64.fetchOne(
      database,
      sql: "SELECT min(window_start) FROM subscriber WHERE state = 'active'"
    )
    // Who confirms while the run is being planned reaches back as far.
    let newcomers = end.addingTimeInterval(-ConfirmSubscription.firstWindow).milliseconds
    let earliest = min(oldest ?? newcomers, newcomers)
    let window: StatementArguments = ["from": earliest, "to": end.milliseconds]
    let candidates = try Row.fetchAll(
      database,
      sql: """
        SELECT revision_id, council_id, committee_id, starts_at, announced_at FROM meeting
        WHERE announced_at > :from AND announced_at <= :to AND has_summary = 1 AND is_mailed = 1
        ORDER BY starts_at, id
        """,
      arguments: window
    ).map { row in
      Candidate(
        revision: row["revision_id"],
        council: row["council_id"],
        committee: row["committee_id"],
        startsAt: Date(milliseconds: row["starts_at"]),
        announcedAt: Date(milliseconds: row["announced_at"])
      )
    }
    let sittings = try Row.fetchAll(
      database,
      sql: """
        SELECT council_id, committee_id, starts_at, has_summary FROM meeting
        WHERE starts_at > :from AND starts_at <= :to AND status <> 'cancelled'
        """,
      arguments: window
    ).map { row in
      Sitting(
        council: row["council_id"],
        committee: row["committee_id"],
        startsAt: Date(milliseconds: row["starts_at"]),
        hasSummary: row["has_summary"]
      )
    }
    return EditionPlan(
      week: week,
      end: end,
      candidates: Dictionary(grouping: candidates, by: \.council),
      sittings: Dictionary(grouping: sittings, by: \.council),
      mailsQuietWeeks: mailsQuietWeeks
    )
  }
}
