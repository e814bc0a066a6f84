import HTTPServer

/// `GET /`.
struct HomePage: Sendable {
  let store: Store
  let site: Site

  private struct View {
    struct CouncilLink {
      var name: String
      var path: String
    }

    var councils: [CouncilLink]
    var hasMoreCouncils: Bool
    var hasCouncils: Bool
    var meetings: [MeetingEntry]
  }

  private static let shownCouncils = 12
  private static let shownMeetings = 5

  func callAsFunction(_ request: Request) async throws -> Response {
    let now = store.now()
    let (councils, meetings) = try await store.read { database in
      let meetings = try Meeting.latest(before: now, limit: Self.shownMeetings, database)
      return (
        try Council.list(limit: Self.shownCouncils + 1, database),
        try meetings.map { ($0, try Council.require($0.councilSlug, database)) }
      )
    }
    let view = View(
      councils: councils.prefix(Self.shownCouncils).map { .init(name: $0.name, path: $0.path) },
      hasMoreCouncils: councils.count > Self.shownCouncils,
      hasCouncils: !councils.isEmpty,
      meetings: meetings.map { meeting, council in
        MeetingEntry(meeting, timeZone: council.timeZone(in: site.identity.timeZone), council: council.name)
      }
    )
    return try site.page(
      "home",
      view,
      title: "What your council decided, once a week",
      description: "One calm email a week that says what your council decided.",
      path: "/"
    )
  }
}
