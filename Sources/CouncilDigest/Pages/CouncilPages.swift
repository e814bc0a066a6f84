import Foundation
import GRDB
import HTTPServer

/// `GET /councils`, `/councils/{council}` and `/councils/{council}/committees/{committee}`.
struct CouncilPages: Sendable {
  let store: Store
  let site: Site

  private static let shownMeetings = 50
  private static let shownUpcoming = 20

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

  private func page(_ slug: String, committee committeeSlug: String?) async throws -> Response {
    let now = store.now()
    let (target, committees, upcoming, recent) = try await store.read { database in
      let council = try Council.require(slug, database)
      let committee = try committeeSlug.map { slug in
        guard let committee = try Committee.find(slug, of: council.id, database) else {
          throw Refusal.notFound("\(council.name) has no committee “\(slug)”")
        }
        return committee
      }
      return (
        FollowTarget(council: council, committee: committee), try Committee.all(of: council.id, database),
        try Meeting.upcoming(
          council: council.id,
          committee: committee?.id,
          from: now,
          limit: Self.shownUpcoming,
          database
        ),
        try Meeting.past(
          council: council.id,
          committee: committee?.id,
          before: now,
          limit: Self.shownMeetings + 1,
          database
        )
      )
    }
    let council = target.council
    let zone = council.timeZone(in: site.identity.timeZone)
    let view = CouncilView(
      name: target.committee?.name ?? council.name,
      council: council.name,
      councilPath: target.committee == nil ? nil : council.path,
      website: council.details.website,
      meetingsURL: council.details.meetingsURL,
      box: SubscribeBox(reference: target.reference, name: target.name),
      upcoming: EntryList(meetings: upcoming.map { MeetingEntry($0, timeZone: zone) }),
      recent: EntryList(meetings: recent.prefix(Self.shownMeetings).map { MeetingEntry($0, timeZone: zone) }),
      hasUpcoming: !upcoming.isEmpty,
      hasRecent: !recent.isEmpty,
      committees: committees.filter { $0.id != target.committee?.id }.map {
        CommitteeLink(name: $0.name, path: "\(council.path)/committees/\($0.slug)")
      },
      hasCommittees: committees.count > (target.committee == nil ? 0 : 1),
      isShortened: recent.count > Self.shownMeetings
    )
    return try site.page(
      "council",
      view,
      title: target.name,
      description: "What \(target.name) decided, summarised every week.",
      path: target.path
    )
  }
}
