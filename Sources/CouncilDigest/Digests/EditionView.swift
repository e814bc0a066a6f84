import Foundation
import GRDB
import Markdown

/// An edition ready for a template: sections of items with their texts, in HTML and in plain text.
struct EditionView: Sendable {
  struct Item: Sendable {
    var title: String
    var date: String
    var link: String
    var reason: String
    var text: String?
    var html: String?
    var headings: [String]
    var hasHeadings: Bool
    var isCancelled: Bool
  }

  struct Section: Sendable {
    var council: String
    var shortName: String
    var link: String
    var items: [Item]
    var quiet: String?
  }

  var sections: [Section]
  var follows: [String]
  var week: String
}

extension EditionView {
  /// - Parameters:
  ///   - density: how much of each meeting is shown; may be less than the reader chose when the letter would be too large.
  ///   - styles: inline CSS for mail; empty for the web.
  init(
    _ content: EditionContent,
    _ revisions: [Int64: EditionRevision],
    density: Subscriber.Density,
    site: SiteIdentity,
    styles: [String: String]
  ) {
    week = content.week
    follows = content.follows
    sections = content.sections.map { section in
      let zone = section.timeZone.flatMap(TimeZone.init(identifier:)) ?? site.timeZone
      return Section(
        council: section.council,
        shortName: section.shortName,
        link: site.link(section.path),
        items: section.items.compactMap { item in
          revisions[item.revision].map { Item($0, item.reasons, density, zone, site, styles) }
        },
        quiet: section.quiet?.sentence
      )
    }
  }
}

extension EditionView.Item {
  fileprivate init(
    _ revision: EditionRevision,
    _ reasons: [String],
    _ density: Subscriber.Density,
    _ zone: TimeZone,
    _ site: SiteIdentity,
    _ styles: [String: String]
  ) {
    let summary = Document(parsing: revision.content.summary ?? "")
    title = revision.content.committee
    date = ReadableDate(zone).dayAndTime(revision.content.start)
    link = site.link(revision.path)
    reason = "You follow " + reasons.joined(separator: " and ")
    isCancelled = revision.content.status == .cancelled
    let html = HTMLRenderer(headingShift: 2, idPrefix: nil, styles: styles)
    // The letter underlines councils with = and meetings with -.
    let text = TextRenderer(underlines: ["."])
    switch density {
    case .headlines:
      headings = []
    case .brief:
      headings = summary.headings
      self.html = summary.leadWithoutNotes.map(html.render)
      self.text = summary.leadWithoutNotes.map(text.render)
    case .full:
      headings = []
      self.html = html.render(summary)
      self.text = text.render(summary)
    }
    hasHeadings = !headings.isEmpty
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
  var path: String

  static func fetch(_ ids: [Int64], _ database: Database) throws -> [Int64: EditionRevision] {
    var found: [Int64: EditionRevision] = [:]
    for id in ids {
      let row = try Row.fetchOne(
        database,
        sql: """
          SELECT meeting_revision.content, council.slug AS council, meeting.slug AS meeting
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
        path: "/councils/\(council)/meetings/\(meeting)"
      )
    }
    return found
  }
}
