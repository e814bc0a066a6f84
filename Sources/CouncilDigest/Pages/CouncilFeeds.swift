import GRDB
import HTTPServer

/// `GET …/feed.atom` and `…/calendar.ics` of a council or one of its committees.
struct CouncilFeeds: Sendable {
  let store: Store
  let site: Site

  func councilFeed(_ request: Request) async throws -> Response {
    try await feed(request.parameter("council"), committee: nil)
  }

  func committeeFeed(_ request: Request) async throws -> Response {
    try await feed(request.parameter("council"), committee: request.parameter("committee"))
  }

  func councilCalendar(_ request: Request) async throws -> Response {
    try await calendar(request.parameter("council"), committee: nil)
  }

  func committeeCalendar(_ request: Request) async throws -> Response {
    try await calendar(request.parameter("council"), committee: request.parameter("committee"))
  }

  private func feed(_ slug: String, committee: String?) async throws -> Response {
    let (body, meetings) = try await store.read { database in
      let body = try Body(slug, committee: committee, database)
      let meetings = try Meeting.summarised(
        council: body.council.id,
        committee: body.committee?.id,
        limit: MeetingFeed.maximumEntries,
        database
      )
      return (body, try MeetingInFeed.all(meetings, database))
    }
    let feed = MeetingFeed(site: site.identity, emptySince: store.installedAt)
      .feed(meetings, title: body.name, path: "\(body.path)/feed.atom", page: body.path)
    return site.document(Array(feed.document.utf8), AtomFeed.contentType)
  }

  private func calendar(_ slug: String, committee: String?) async throws -> Response {
    let now = store.now()
    let (body, meetings) = try await store.read { database in
      let body = try Body(slug, committee: committee, database)
      let meetings = try Meeting.around(
        now,
        within: MeetingCalendar.span(around: now),
        council: body.council.id,
        committee: body.committee?.id,
        limit: MeetingCalendar.maximumEvents,
        database
      )
      return (body, try MeetingInFeed.all(meetings, database))
    }
    let calendar = MeetingCalendar(site: site.identity)
      .calendar(meetings, name: body.name, path: "\(body.path)/calendar.ics")
    return site.document(Array(calendar.document.utf8), CalendarFeed.contentType)
  }

  /// Whose meetings they are.
  private struct Body: Sendable {
    var council: Council
    var committee: Committee?

    init(_ slug: String, committee: String?, _ database: Database) throws {
      let council = try Council.require(slug, database)
      self.council = council
      self.committee = try committee.map { try Committee.require($0, of: council, database) }
    }

    private var target: FollowTarget { committee.map { .committee($0, council) } ?? .council(council) }
    var name: String { target.name }
    var path: String { target.path ?? council.path }
  }
}
