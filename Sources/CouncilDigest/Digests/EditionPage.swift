import Foundation
import GRDB
import HTTPServer

/// `GET /digests/{edition}`: an edition in the browser, at an address that can't be guessed.
struct EditionPage: Sendable {
  let store: Store
  let site: Site

  func callAsFunction(_ request: Request) async throws -> Response {
    let address = request.parameter("edition")
    let found = try await store.read { database -> (EditionContent, [Int64: EditionRevision])? in
      let json = try String.fetchOne(
        database,
        sql: "SELECT content FROM edition WHERE address = ?",
        arguments: [address]
      )
      guard let content = try json.map(ComposeEdition.decode) else { return nil }
      return (content, try EditionRevision.fetch(content.sections.flatMap(\.items).map(\.revision), database))
    }
    guard let (content, revisions) = found else { throw Refusal.notFound("There is no such summary") }
    let view = EditionView(content, revisions, density: content.density, site: site.identity, styles: [:])
    return try site.page("edition", view, title: "Weekly summary, week \(content.week)", visibility: .mailedLink)
  }
}
