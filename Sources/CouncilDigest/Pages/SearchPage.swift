import Foundation
import GRDB
import HTTPServer

/// `GET /search?q=&council=&committee=&topic=&from=&to=&page=` and `/search.atom`: all meetings, newest first.
struct SearchPage: Sendable {
  let store: Store
  let site: Site

  /// So many can be paged through.
  private static let maximumFound = 2_000
  private static let pageSize = 20

  private struct View {
    var text: String?
    var committee: String?
    var from: String?
    var to: String?
    var councils: [Choice]
    var topics: [Choice]
    var hasTopics: Bool
    var hasFilters: Bool
    var errors: FormErrors?
    var isAsked: Bool
    var count: String?
    var newest: [MeetingEntry]
    var previousPath: String?
    var nextPath: String?
    var queryPath: String?
    var feedPath: String?
  }

  func callAsFunction(_ request: Request) async throws -> Response {
    let form = try SearchForm(request, site.identity.timeZone)
    let (councils, chosen, topics) = try await store.read { database in
      (
        try Council.list(limit: 1_000, database), try form.council.flatMap { try Council.findCurrent($0, database) },
        try Topic.list(limit: Topic.maximumCount, database)
      )
    }
    var view = View(
      text: form.text.isEmpty ? nil : form.text,
      committee: form.committee,
      from: form.from,
      to: form.to,
      councils: councils.map { Choice(value: $0.slug, name: $0.name, isChosen: $0.id == chosen?.id) },
      topics: topics.map { Choice(value: $0.slug, name: $0.name, isChosen: $0.slug == form.topic) },
      hasTopics: !topics.isEmpty,
      hasFilters: form.hasFilters,
      isAsked: form.isAsked,
      newest: []
    )
    do {
      let search = try await store.read { try form.search($0) }
      if form.isAsked { try await fill(&view, form, search) }
    } catch Refusal.invalid(let problems) {
      view.errors = FormErrors(problems)
      view.isAsked = false
    }
    let title = form.text.isEmpty ? "Search" : "Search: \(form.text.prefix(80))"
    return try site.page(
      "search",
      view,
      title: view.errors == nil ? title : "Error: \(title)",
      description: "Search what every council discussed.",
      path: form.isAsked ? nil : "/search",
      alternates: [view.feedPath].compactMap(\.self).map {
        AlternateLink(type: AtomFeed.mediaType, title: "This search", path: $0)
      },
      status: view.errors == nil ? .ok : .unprocessableContent
    )
  }

  private func fill(_ view: inout View, _ form: SearchForm, _ search: MeetingSearch) async throws {
    let zone = site.identity.timeZone
    let skipped = (form.page - 1) * Self.pageSize
    let (found, entries) = try await store.read { database in
      let found = try search.find(limit: Self.maximumFound + 1, database)
      let page = found.dropFirst(skipped).prefix(Self.pageSize).map(\.meeting)
      guard let query = search.query else {
        return (found.count, try MeetingEntry.found(page, [:], zone, database))
      }
      return (found.count, try MeetingEntry.found(page, by: query, zone, database))
    }
    view.newest = entries
    view.count =
      found > Self.maximumFound
      ? "More than \(Self.maximumFound) meetings" : found == 1 ? "1 meeting" : "\(found) meetings"
    let last = min(found, Self.maximumFound)
    if form.page > 1, skipped <= last { view.previousPath = form.path(page: form.page - 1) }
    if skipped + Self.pageSize < last { view.nextPath = form.path(page: form.page + 1) }
    // A topic is followed on its own page.
    if let query = search.query, form.topic == nil {
      view.queryPath =
        QueryLabView.path(
          of: query.description + (form.committee.map { " committee:\"\($0.replacing("\"", with: ""))\"" } ?? "")
        )
        + (form.council.map { "&council=\(percentEncoded($0))" } ?? "")
      view.feedPath = "/search.atom?" + form.parameters
    }
  }

  func feed(_ request: Request) async throws -> Response {
    let form = try SearchForm(request, site.identity.timeZone)
    guard !form.text.isEmpty else {
      throw Refusal.invalid([FieldProblem("q", "Type a word or a \"phrase\" to look for")])
    }
    let now = store.now()
    let meetings = try await store.read { database in
      var search = try form.search(database)
      search.isSummarised = true
      search.to = min(search.to ?? now, now)
      let found = try search.find(limit: Self.maximumFound, database).prefix(MeetingFeed.maximumEntries)
      return try MeetingInFeed.all(Meeting.fetch(found.map(\.meeting), database), database)
    }
    let feed = MeetingFeed(site: site.identity, emptySince: store.installedAt).feed(
      meetings,
      title: TopicQuery.quoted(form.text),
      path: "/search.atom?" + form.parameters,
      page: "/search?" + form.parameters
    )
    return site.document(Array(feed.document.utf8), AtomFeed.contentType)
  }
}
