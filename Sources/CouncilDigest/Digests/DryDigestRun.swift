import Foundation
import GRDB
import Markdown

/// What a run that ended at a given moment would send: to whom, what, how large, and what an operator should look at
/// first. Nothing is written but what own queries match.
struct DryDigestRun: Sendable {
  let store: Store
  let timeZone: TimeZone
  let mailsQuietWeeks: Bool
  let editions: ComposeEdition

  private static let sliceSize = 500
  /// Editions that are rendered for their size: the largest ones and those with most readers.
  private static let maximumRendered = 400
  private static let maximumListed = 20
  /// Editions that are remembered; of more different ones some are counted again.
  private static let maximumEditions = 20_000

  /// What is remembered of an edition.
  private struct Candidate {
    /// Larger letters weigh more; only their order matters.
    var weight: Int
    var isQuiet: Bool
    /// Of the meetings it carries.
    var revisions: [Int64]
    var readers = 0
    /// One of them, to preview the letter with.
    var example: Int64
  }

  /// - Parameter matchesQueries: whether own queries are matched first, which stores what they match; otherwise what is
  ///   known of them counts.
  func plan(end: Date, matchesQueries: Bool) async throws -> DryRunItem {
    let isoWeek = ISOWeek(containing: end, in: timeZone)
    let week = isoWeek.description
    let (start, existing) = try await store.read { database in
      (try EditionPlan.start(end: end, database), try DigestRun.find(week: isoWeek, database))
    }
    let matching = matchesQueries ? try await MatchQueries.store(in: store, after: start, upTo: end) : nil
    let (plan, readership, paused) = try await store.read { [mailsQuietWeeks] database in
      let plan = try EditionPlan.load(week: week, end: end, mailsQuietWeeks: mailsQuietWeeks, database)
      return (plan, try Readership(plan, database), try Self.pausedCount(until: end, database))
    }
    var item = DryRunItem(week: week, windowTo: end, paused: paused)
    item.existingRun = existing.map { .init(id: $0.id, state: $0.state.rawValue) }
    item.matching = matching.map(DryRunItem.Matching.init)
    var candidates: [Data: Candidate] = [:]
    var keys: [EditionPlan.Reader: Data?] = [:]
    var carried: [Int64: Int] = [:]
    var last: Int64? = 0
    while let after = last {
      let (slice, own) = try await store.read { database in
        let slice = try readership.slice(after: after, limit: Self.sliceSize, database)
        return (slice, try OwnQueryMatches.fetch(slice.entries.ownQueries, database))
      }
      let plan = plan.with(own)
      if candidates.count > Self.maximumEditions || keys.count > Self.maximumEditions {
        (candidates, keys) = ([:], [:])
      }
      for entry in slice.entries {
        guard let key = try key(of: entry, plan, &keys, &candidates) else {
          item.withoutLetter += 1
          continue
        }
        item.recipients += 1
        candidates[key]?.readers += 1
        guard let candidate = candidates[key] else { continue }
        if candidate.readers == 1 { item.editions += 1 }
        if candidate.isQuiet { item.quiet += 1 }
        for revision in candidate.revisions { carried[revision, default: 0] += 1 }
      }
      last = slice.last
    }
    try await addMeetings(carried, to: &item)
    try await addSizes(Array(candidates.values), plan, readership, to: &item)
    item.warnings += try await store.read { try Self.omissions(plan, $0) }
    return item
  }

  /// - Returns: nil when there is nothing to say to this reader.
  private func key(
    of entry: Readership.Entry,
    _ plan: EditionPlan,
    _ keys: inout [EditionPlan.Reader: Data?],
    _ candidates: inout [Data: Candidate]
  ) throws -> Data? {
    if let known = keys[entry.reader] { return known }
    guard let content = plan.content(for: entry.reader) else {
      keys[entry.reader] = .some(nil)
      return nil
    }
    let key = EditionContent.key(of: try content.encoded())
    keys[entry.reader] = key
    if candidates[key] == nil {
      candidates[key] = Candidate(
        weight: content.weight,
        isQuiet: content.itemCount == 0 && content.corrections.isEmpty,
        revisions: content.sections.flatMap { $0.items.map(\.revision) },
        example: entry.subscriber
      )
    }
    return key
  }

  private static func pausedCount(until end: Date, _ database: Database) throws -> Int {
    try Int.fetchOne(
      database,
      sql: "SELECT count(*) FROM subscriber WHERE state = 'active' AND paused_until > ?",
      arguments: [end.milliseconds]
    ) ?? 0
  }

  /// The meetings by how many read about them, with a warning for each whose summary shows nothing.
  private func addMeetings(_ carried: [Int64: Int], to item: inout DryRunItem) async throws {
    var meetings: [DryRunItem.Meeting] = []
    for (id, readers) in carried {
      guard let revision = try await store.read({ try EditionRevision.fetch([id], $0)[id] }) else { continue }
      let (reference, title) = (revision.reference, revision.content.committee)
      meetings.append(.init(meeting: reference, title: title, recipients: readers))
      let text = TextRenderer(underlines: ["."]).render(Document(parsing: revision.content.summary ?? ""))
      guard text.allSatisfy(\.isWhitespace) else { continue }
      item.warnings.append(
        .init(kind: .blank, detail: "The summary of \(reference) shows no text", recipients: readers)
      )
    }
    item.meetings = meetings.count
    meetings.sort { (-$0.recipients, $0.meeting) < (-$1.recipients, $1.meeting) }
    item.mostRead = Array(meetings.prefix(Self.maximumListed))
  }

  private func addSizes(
    _ candidates: [Candidate],
    _ plan: EditionPlan,
    _ readership: Readership,
    to item: inout DryRunItem
  ) async throws {
    let bySize = candidates.sorted { ($0.weight, $0.readers) > ($1.weight, $1.readers) }
    let byReaders = candidates.sorted { ($0.readers, $0.weight) > ($1.readers, $1.weight) }
    var seen: Set<Int64> = []
    let chosen = (bySize.prefix(Self.maximumRendered / 2) + byReaders.prefix(Self.maximumRendered / 2))
      .filter { seen.insert($0.example).inserted }
    var rendered: [DryRunItem.Edition] = []
    for candidate in chosen {
      let (entry, own) = try await store.read { database in
        let entries = try readership.slice(after: candidate.example - 1, limit: 1, database).entries
        return (entries.first, try OwnQueryMatches.fetch(entries.ownQueries, database))
      }
      guard let entry, entry.subscriber == candidate.example,
        let content = plan.with(own).content(for: entry.reader)
      else { continue }
      let revisions = try await store.read { try EditionRevision.fetch(content.revisions, $0) }
      let composed = try editions.compose(content, revisions, address: EditionContent.placeholderAddress)
      rendered.append(
        .init(
          subject: composed.body.subject,
          items: content.itemCount,
          recipients: candidate.readers,
          htmlBytes: composed.body.html.utf8.count,
          isShortened: composed.isShortened,
          exampleSubscriber: candidate.example
        )
      )
    }
    item.sizes = .init(rendered.map(\.htmlBytes))
    item.mostSent = Array(
      rendered.sorted { ($0.recipients, $0.htmlBytes) > ($1.recipients, $1.htmlBytes) }.prefix(Self.maximumListed)
    )
    let shortened = rendered.filter(\.isShortened).sorted { $0.recipients > $1.recipients }
    for edition in shortened.prefix(Self.maximumListed) {
      item.warnings.append(
        .init(
          kind: .oversize,
          detail: "“\(edition.subject)” is larger than mail programs show whole, and is shortened with links",
          recipients: edition.recipients,
          exampleSubscriber: edition.exampleSubscriber
        )
      )
    }
  }

  /// Meetings of the run's week that no letter carries, and why.
  private static func omissions(_ plan: EditionPlan, _ database: Database) throws -> [DryRunItem.Warning] {
    let since = plan.end.addingTimeInterval(-7 * 86_400).milliseconds
    let waiting = try Int.fetchOne(
      database,
      sql: """
        SELECT count(*) FROM meeting
        WHERE starts_at > ? AND starts_at <= ? AND status <> 'cancelled' AND has_summary = 0
        """,
      arguments: [since, plan.end.milliseconds]
    )
    let archive = try Int.fetchOne(
      database,
      sql:
        "SELECT count(*) FROM meeting WHERE announced_at > ? AND announced_at <= ? AND is_mailed = 0 AND notify IS NULL",
      arguments: [since, plan.end.milliseconds]
    )
    var warnings: [DryRunItem.Warning] = []
    if let waiting, waiting > 0 {
      warnings.append(.init(kind: .summaryMissing, detail: "Meetings of the last 7 days without a summary: \(waiting)"))
    }
    if let archive, archive > 0 {
      warnings.append(
        .init(kind: .archive, detail: "Summaries of the last 7 days that are too old to be mailed: \(archive)")
      )
    }
    return warnings
  }
}

extension EditionContent {
  /// Stands where the address of an edition will be that is not stored.
  static let placeholderAddress = String(repeating: "x", count: 26)

  /// Larger letters weigh more; only their order matters.
  fileprivate var weight: Int {
    let items = itemCount * (density == .full ? 20 : density == .brief ? 4 : 1)
    return items + sections.reduce(0) { $0 + $1.upcoming.count }
  }
}
