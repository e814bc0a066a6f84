import Foundation
import GRDB
import HTTPServer

/// An edition ready for a template: sections of items with their texts, in HTML and in plain text.
struct EditionView: Sendable {
  struct Match: Sendable {
    var interest: EditionContent.Interest
    var extract: MatchExtract
    /// For professional readers only.
    var isInTranscript: Bool
    /// Where the query can be narrowed so that it finds fewer meetings like this one.
    var fewerLink: String?
  }

  struct Item: Sendable {
    var title: String
    var date: String
    var link: String
    /// "You follow …", when it comes from a council or committee that is followed.
    var reason: String?
    var matches: [Match]
    var text: String?
    var html: String?
    var headings: [String]
    var isCancelled: Bool
    /// The first thing it is about.
    var subject: String
  }

  struct Upcoming: Sendable {
    var title: String
    var date: String
    var link: String
    var isCancelled: Bool
  }

  struct Section: Sendable {
    var council: String
    var shortName: String
    var link: String
    var items: [Item]
    /// Items that found no room.
    var omitted: Int
    var quiet: String?
    var upcoming: [Upcoming]
  }

  struct Correction: Sendable {
    var title: String
    var date: String
    var link: String
    /// What was wrong, in the operator's words.
    var text: String
  }

  var sections: [Section]
  var corrections: [Correction]
  var unmatched: [EditionContent.Interest]
  var follows: [String]
  var week: String
}

extension EditionView {
  /// How an edition is shown.
  struct Manner: Sendable {
    /// How much of each meeting is shown; may be less than the reader chose when the letter would be too large.
    var density: Subscriber.Density
    /// Items of each council that are shown.
    var maximumItems = Int.max
    /// Councils that have items at all; of the others only their number is told.
    var sectionsWithItems = Int.max
    /// Upcoming meetings of each council that are shown.
    var maximumUpcoming = 12
    /// Inline CSS for mail; empty for the web.
    var styles: [String: String]
    var site: SiteIdentity
    /// Those that were rendered in these styles before.
    var summaries: RenderedSummaries?
  }

  init(_ content: EditionContent, _ revisions: [Int64: EditionRevision], _ manner: Manner) {
    week = content.week
    follows = content.follows
    unmatched = content.unmatched
    let site = manner.site
    sections = content.sections.enumerated().map { index, section in
      let shown = index < manner.sectionsWithItems ? manner.maximumItems : 0
      let dates = ReadableDate(section.timeZone.flatMap(TimeZone.init(identifier:)) ?? site.timeZone)
      return Section(
        council: section.council,
        shortName: section.shortName,
        link: site.link(section.path),
        items: section.items.prefix(shown).compactMap { item in
          revisions[item.revision].map { Item($0, item, dates, manner) }
        },
        omitted: max(0, section.items.count - shown),
        quiet: section.quiet?.sentence,
        upcoming: section.upcoming.prefix(manner.maximumUpcoming).compactMap { id in
          revisions[id].map { Upcoming($0, dates, site) }
        }
      )
    }
    corrections = content.corrections.compactMap { id in
      revisions[id].flatMap { Correction($0, site) }
    }
  }
}

extension EditionView.Item {
  fileprivate init(
    _ revision: EditionRevision,
    _ item: EditionContent.Item,
    _ dates: ReadableDate,
    _ manner: EditionView.Manner
  ) {
    let source = revision.content.summary ?? ""
    let summary =
      manner.summaries?.summary(item.revision, of: source, manner.density, styles: manner.styles)
      ?? RenderedSummary(source, manner.density, styles: manner.styles)
    title = revision.content.committee
    date = dates.dayAndTime(revision.content.start)
    link = manner.site.link(revision.path)
    reason = item.reasons.isEmpty ? nil : "You follow " + item.reasons.inProse()
    matches = item.matches.map {
      EditionView.Match(
        interest: $0.interest,
        extract: $0.extract,
        isInTranscript: $0.isInTranscript ?? false,
        fewerLink: $0.interest.query.map { query in
          manner.site.link("/query?q=\(percentEncoded(query))&fewer=\(revision.reference)")
        }
      )
    }
    isCancelled = revision.content.status == .cancelled
    subject = summary.subject ?? title
    headings = summary.headings
    html = summary.html
    text = summary.text
  }
}

extension EditionView.Upcoming {
  fileprivate init(_ revision: EditionRevision, _ dates: ReadableDate, _ site: SiteIdentity) {
    title = revision.content.committee
    date = dates.dayAndTime(revision.content.start)
    link = site.link(revision.path)
    isCancelled = revision.content.status == .cancelled
  }
}

extension EditionView.Correction {
  fileprivate init?(_ revision: EditionRevision, _ site: SiteIdentity) {
    guard let correction = revision.correction else { return nil }
    let zone = revision.timeZone.flatMap(TimeZone.init(identifier:)) ?? site.timeZone
    title = "\(revision.content.committee), \(revision.councilName)"
    date = ReadableDate(zone).dayAndTime(revision.content.start)
    link = site.link(revision.path)
    text = correction
  }
}

extension EditionContent.Quiet {
  var sentence: String {
    switch self {
    case .noMeetings: "No meetings took place and no new summaries were published."
    case .nothingNew: "No new summaries were published."
    case .papersPending(1): "One meeting took place. Its summary has not been published yet."
    case .papersPending(let count): "\(count) meetings took place. Their summaries have not been published yet."
    }
  }
}

/// A revision that an edition points at.
struct EditionRevision: Sendable {
  var content: MeetingContent
  var correction: String?
  var councilName: String
  var timeZone: String?
  /// `council/slug`.
  var reference: String

  var path: String { "/councils/" + reference.replacing("/", with: "/meetings/") }

  static func fetch(_ ids: [Int64], _ database: Database) throws -> [Int64: EditionRevision] {
    var found: [Int64: EditionRevision] = [:]
    for id in ids {
      let row = try Row.fetchOne(
        database,
        cached: """
          SELECT meeting_revision.content, meeting_revision.correction, council.slug AS council, council.name,
            council.time_zone, meeting.slug AS meeting
          FROM meeting_revision
          JOIN meeting ON meeting.id = meeting_revision.meeting_id
          JOIN council ON council.id = meeting.council_id
          WHERE meeting_revision.id = ?
          """,
        arguments: [id]
      )
      guard let row else { continue }
      let (council, meeting): (String, String) = (row["council"], row["meeting"])
      found[id] = EditionRevision(
        content: try MeetingContent.decode(row["content"]),
        correction: row["correction"],
        councilName: row["name"],
        timeZone: row["time_zone"],
        reference: "\(council)/\(meeting)"
      )
    }
    return found
  }
}
