import Foundation
import Markdown

/// Makes a feed of meetings: an entry for each that has a summary.
struct MeetingFeed: Sendable {
  let site: SiteIdentity
  /// What a feed without entries is dated.
  let emptySince: Date

  static let maximumEntries = 30

  /// - Parameters:
  ///   - path: where the feed is.
  ///   - page: the path of the page that shows the like.
  func feed(_ meetings: [MeetingInFeed], title: String, path: String, page: String) -> AtomFeed {
    let entries = meetings.compactMap(entry)
    return AtomFeed(
      address: site.link(path),
      page: site.link(page),
      title: "\(title) – \(site.name)",
      author: site.name,
      updated: entries.map(\.updated).max() ?? emptySince,
      entries: entries
    )
  }

  private func entry(_ item: MeetingInFeed) -> AtomFeed.Entry? {
    let meeting = item.meeting
    guard let summary = meeting.content.summary else { return nil }
    let link = site.link(meeting.path)
    let day = ReadableDate(item.council.timeZone(in: site.timeZone)).shortDay(meeting.content.start)
    let published = meeting.publishedAt ?? meeting.revisedAt
    let html = HTMLRenderer(headingShift: 1, idPrefix: MeetingPage.summaryPrefix, page: link)
    return AtomFeed.Entry(
      // Readers know it by that, also where its council has another name now.
      id: site.link("/councils/\(meeting.firstSlugs.council)/meetings/\(meeting.firstSlugs.meeting)"),
      title: "\(meeting.content.committee), \(day) – \(item.council.shortName)",
      published: published,
      updated: max(published, meeting.revisedAt),
      page: link,
      summary: meeting.excerpt,
      content: html.render(Document(parsing: summary)),
      categories: item.topics.map { AtomFeed.Category(term: $0.slug, label: $0.name) }
    )
  }
}
