import Foundation
import GRDB
import HTTPServer

/// `GET /query?q=&council=`: what a query would have caught in the last twelve months, before anybody follows it. The
/// address is all there is to it, so it can be passed on. `fewer` names a meeting, as `council/slug`, that somebody does
/// not want to hear of: the page offers words of it to leave out.
struct QueryLabPage: Sendable {
  let store: Store
  let site: Site
  let usual: UsualWords

  struct View {
    var text: String?
    var councils: [Choice]
    var errors: FormErrors?
    /// The text around the characters that can't be read.
    var broken: Broken?
    var result: QueryLabView?
  }

  struct Broken {
    var before: String
    var place: String
    var after: String
  }

  func callAsFunction(_ request: Request) async throws -> Response {
    let query = try QueryString(request)
    let text = PlainText.normalized(query.first("q") ?? "")
    let slug = query.first("council")
    let (councils, chosen) = try await store.read { database in
      (try Council.list(limit: 1_000, database), try slug.flatMap { try Council.findCurrent($0, database) })
    }
    var view = View(
      text: text.isEmpty ? nil : text,
      councils: councils.map { Choice(value: $0.slug, name: $0.name, isChosen: $0.id == chosen?.id) },
      result: nil
    )
    do {
      if let read = try await read(text, council: slug, chosen) {
        view.result = try await result(read, text, fewer: query.first("fewer"))
      }
    } catch Refusal.invalid(let problems) {
      view.errors = FormErrors(problems)
      view.broken = Self.broken(text)
    }
    let title = text.isEmpty ? "Try your words" : "“\(text.prefix(80))”, the last 12 months"
    return try site.page(
      "query",
      view,
      title: view.errors == nil ? title : "Error: \(title)",
      description: "See what your words would have found in the meetings of every council, before you follow them.",
      path: text.isEmpty ? "/query" : nil,
      status: view.errors == nil ? .ok : .unprocessableContent
    )
  }

  /// What a query finds, for any page that shows it.
  func result(_ query: TopicQuery, _ text: String, fewer: String? = nil) async throws -> QueryLabView {
    let now = store.now()
    return try await store.read { [site, usual] database in
      let query = try query.ofCurrentCouncils(database)
      return try QueryLabView(query, text, fewer: fewer, now: now, site.identity.timeZone, usual, database)
    }
  }

  /// - Throws: `Refusal.invalid`.
  private func read(_ text: String, council slug: String?, _ council: Council?) async throws -> TopicQuery? {
    guard !text.isEmpty else { return nil }
    guard PlainText.isSingleLine(text) else {
      throw Refusal.invalid([FieldProblem("q", "Use one line without control characters")])
    }
    let typed: TopicQuery
    do {
      typed = try TopicQuery(parsing: text)
    } catch {
      throw Refusal.invalid([FieldProblem("q", error.description)])
    }
    var root = try await store.read { database in
      if let problem = try typed.unknownCouncil(database) {
        throw Refusal.invalid([FieldProblem("q", "\(problem); choose it from the list below")])
      }
      return try typed.ofCurrentCouncils(database).root
    }
    if let slug, council == nil {
      throw Refusal.invalid([FieldProblem("council", "There is no council “\(slug.prefix(120))”")])
    }
    if let council, !root.required.contains(.council(council.slug)) { root.required.append(.council(council.slug)) }
    guard let query = try? TopicQuery(parsing: TopicQuery(root).description) else {
      throw Refusal.invalid([FieldProblem("council", "The query has no room for a council; make it shorter")])
    }
    return query
  }

  private static func broken(_ text: String) -> Broken? {
    do throws(QueryProblem) {
      _ = try TopicQuery(parsing: text)
      return nil
    } catch {
      guard let place = error.place else { return nil }
      let before = text.prefix(place.offset)
      return Broken(
        before: String(before),
        place: place.text,
        after: String(text.dropFirst(place.offset + place.text.count))
      )
    }
  }
}
