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
      guard let content = try json.map(EditionContent.decode) else { return nil }
      return (content, try EditionRevision.fetch(content.revisions, database))
    }
    guard let (content, revisions) = found else { throw Refusal.notFound("There is no such summary") }
    let view = EditionView(
      content,
      revisions,
      .init(density: content.density, styles: [:], site: site.identity)
    )
    let monday = ISOWeek(parsing: content.week)?.firstDay(in: site.identity.timeZone)
    let week = monday.map { "Week of \(ReadableDate(site.identity.timeZone).day($0))" } ?? content.week
    return try site.page(
      "edition",
      View(view, week: week),
      title: "Weekly summary, \(week)",
      visibility: .mailedLink
    )
  }

  /// The address may be passed on, so a reader's own queries are not shown, nor what transcripts say.
  private struct View {
    struct Match {
      var name: String
      var html: String
    }

    struct Item {
      var item: EditionView.Item
      var matches: [Match]
      var hasHeadings: Bool

      /// Nil for what only an own query or a transcript brought.
      init?(_ item: EditionView.Item) {
        matches = item.matches.filter { !$0.interest.isOwnQuery && !$0.isInTranscript }
          .map { Match(name: $0.interest.name, html: $0.extract.html()) }
        guard item.reason != nil || !matches.isEmpty else { return nil }
        self.item = item
        hasHeadings = !item.headings.isEmpty
      }
    }

    struct Section {
      var section: EditionView.Section
      var items: [Item]
      var hasUpcoming: Bool
    }

    var week: String
    var sections: [Section]
    var corrections: [EditionView.Correction]
    var hasCorrections: Bool
    var unmatched: String?

    init(_ view: EditionView, week: String) {
      self.week = week
      sections = view.sections.compactMap { section in
        let items = section.items.compactMap(Item.init)
        guard !items.isEmpty || section.quiet != nil || !section.upcoming.isEmpty else { return nil }
        return Section(section: section, items: items, hasUpcoming: !section.upcoming.isEmpty)
      }
      corrections = view.corrections
      hasCorrections = !view.corrections.isEmpty
      let topics = view.unmatched.filter { !$0.isOwnQuery }.map(\.name)
      unmatched = topics.isEmpty ? nil : "Nothing new this week about \(topics.inProse())."
    }
  }
}
