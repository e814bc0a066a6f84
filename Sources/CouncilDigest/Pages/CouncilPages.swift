import Foundation
import GRDB
import HTTPServer

/// `GET /councils`, `/councils/{council}` and `/councils/{council}/committees/{committee}`.
struct CouncilPages: Sendable {
  let store: Store
  let site: Site

  private static let shownMeetings = 50
  private static let shownUpcoming = 20
  private static let shownTopics = 12

  private struct ListView {
    struct Entry {
      var name: String
      var path: String
    }

    var filter: String?
    var councils: [Entry]
    var isEmpty: Bool
  }

  private struct CouncilView {
    var name: String
    var council: String
    var councilPath: String?
    var website: String?
    var meetingsURL: String?
    var box: SubscribeBox
    var upcoming: EntryList
    var recent: EntryList
    var hasUpcoming: Bool
    var hasRecent: Bool
    var committees: [CommitteeLink]
    var hasCommittees: Bool
    var isShortened: Bool
    var topics: [QueryLabView.Link]
    var hasTopics: Bool
    var feedPath: String
    var calendarPath: String
  }

  private struct EntryList {
    var meetings: [MeetingEntry]
  }

  private struct CommitteeLink {
    var name: String
    var path: String
  }

  func list(_ request: Request) async throws -> Response {
    let filter = try QueryString(request).first("filter")
    let councils = try await store.read { try Council.list(limit: 2_000, $0) }
    let shown = councils.filter { council in
      filter.map { council.name.localizedStandardContains($0) } ?? true
    }
    let view = ListView(
      filter: filter,
      councils: shown.sorted { $0.name < $1.name }.map { .init(name: $0.name, path: $0.path) },
      isEmpty: shown.isEmpty
    )
    return try site.page(
      "councils",
      view,
      title: "Councils",
      description: "The councils we summarise.",
      path: "/councils"
    )
  }

  func council(_ request: Request) async throws -> Response {
    try await page(request.parameter("council"), committee: nil)
  }

  func committee(_ request: Request) async throws -> Response {
    try await page(request.parameter("council"), committee: request.parameter("committee"))
  }

  private func page(_ slug: String, committee: String?) async throws -> Response {
    let now = store.now()
    let facts = try await store.read { try Self.facts(slug, committee: committee, now: now, $0) }
    let target = facts.target
    let path = target.path ?? facts.council.path
    return try site.page(
      "council",
      view(facts, path: path),
      title: target.name,
      description: "What \(target.name) decided, summarised every week.",
      path: path,
      alternates: [
        AlternateLink(type: AtomFeed.mediaType, title: "Summaries: \(target.name)", path: "\(path)/feed.atom"),
        AlternateLink(type: CalendarFeed.mediaType, title: "Meetings: \(target.name)", path: "\(path)/calendar.ics"),
      ]
    )
  }

  /// What the page of a council or committee shows.
  private struct Facts: Sendable {
    var council: Council
    /// Nil on the council's own page.
    var committee: Committee?
    var committees: [Committee]
    var upcoming: [Meeting]
    var recent: [Meeting]
    /// Those of its recent meetings.
    var topics: [MeetingItem.TopicReference]

    var target: FollowTarget { committee.map { .committee($0, council) } ?? .council(council) }
  }

  private static func facts(
    _ slug: String,
    committee committeeSlug: String?,
    now: Date,
    _ database: Database
  ) throws -> Facts {
    let council = try Council.require(slug, database)
    let committee = try committeeSlug.map { try Committee.require($0, of: council, database) }
    let recent = try Meeting.past(
      council: council.id,
      committee: committee?.id,
      before: now,
      limit: shownMeetings + 1,
      database
    )
    return Facts(
      council: council,
      committee: committee,
      committees: try Committee.all(of: council.id, database),
      upcoming: try Meeting.upcoming(
        council: council.id,
        committee: committee?.id,
        from: now,
        limit: shownUpcoming,
        database
      ),
      recent: recent,
      topics: try TopicMeetings.mostDiscussed(in: recent.map(\.id), limit: shownTopics, database)
    )
  }

  private func view(_ facts: Facts, path: String) -> CouncilView {
    let (council, committee) = (facts.council, facts.committee)
    let zone = council.timeZone(in: site.identity.timeZone)
    let others = facts.committees.filter { $0.id != committee?.id }
    return CouncilView(
      name: committee?.name ?? council.name,
      council: council.name,
      councilPath: committee == nil ? nil : council.path,
      website: council.details.website,
      meetingsURL: council.details.meetingsURL,
      box: SubscribeBox(reference: facts.target.field.value, name: facts.target.name),
      upcoming: EntryList(meetings: facts.upcoming.map { MeetingEntry($0, timeZone: zone) }),
      recent: EntryList(meetings: facts.recent.prefix(Self.shownMeetings).map { MeetingEntry($0, timeZone: zone) }),
      hasUpcoming: !facts.upcoming.isEmpty,
      hasRecent: !facts.recent.isEmpty,
      committees: others.map { CommitteeLink(name: $0.name, path: "\(council.path)/committees/\($0.slug)") },
      hasCommittees: !others.isEmpty,
      isShortened: facts.recent.count > Self.shownMeetings,
      topics: facts.topics.map { .init(label: $0.name, path: "/topics/\($0.slug)") },
      hasTopics: !facts.topics.isEmpty,
      feedPath: "\(path)/feed.atom",
      calendarPath: "\(path)/calendar.ics"
    )
  }
}
