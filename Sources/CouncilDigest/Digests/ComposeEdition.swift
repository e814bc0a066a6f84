import Foundation
import GRDB
import Markdown

/// Renders the two bodies of an edition, once: every later attempt sends the same bytes.
struct ComposeEdition: Sendable {
  let frame: LetterFrame
  private let summaries = RenderedSummaries()

  init(frame: LetterFrame) { self.frame = frame }

  /// Gmail shows about 102 KB and cuts the rest; what is larger is shortened, with links to the whole text.
  static let maximumHTMLBytes = 80 * 1024

  /// The bodies of an edition as they were stored, or rendered now. Nil when nothing of it is left to say, because what
  /// it carried was deleted.
  func body(of edition: Int64, _ database: Database) throws -> LetterBody? {
    try Self.stored(edition, database) ?? rendered(edition, database)
  }

  /// Stores the bodies that were rendered for the first letter of an edition.
  /// - Returns: those that every letter of it gets; another may have been quicker.
  static func keep(_ body: LetterBody, of edition: Int64, _ database: Database) throws -> LetterBody {
    if let body = try stored(edition, database) { return body }
    try database.execute(
      sql: "UPDATE edition SET letter_body_id = ? WHERE id = ?",
      arguments: [try body.insert(database), edition]
    )
    return body
  }

  static func stored(_ edition: Int64, _ database: Database) throws -> LetterBody? {
    try Int64.fetchOne(database, cached: "SELECT letter_body_id FROM edition WHERE id = ?", arguments: [edition])
      .flatMap { try LetterBody.fetch($0, database) }
  }

  private func rendered(_ edition: Int64, _ database: Database) throws -> LetterBody? {
    let row = try Row.fetchOne(
      database,
      cached: "SELECT content, address FROM edition WHERE id = ?",
      arguments: [edition]
    )
    guard let row else { return nil }
    let content = try EditionContent.decode(row["content"])
    let revisions = try EditionRevision.fetch(content.revisions, database)
    let items = content.sections.flatMap(\.items)
    let carried = items.map(\.revision) + content.corrections
    guard carried.isEmpty || carried.contains(where: { revisions[$0] != nil }) else { return nil }
    return try compose(content, revisions, address: row["address"]).body
  }

  /// - Parameter address: of its page; nil for a test, which has none and is marked.
  func compose(
    _ content: EditionContent,
    _ revisions: [Int64: EditionRevision],
    address: String?
  ) throws -> (body: LetterBody, isShortened: Bool) {
    var composed: (LetterBody, isShortened: Bool)?
    for (step, manner) in manners(from: content.density).enumerated() {
      let view = EditionView(content, revisions, manner)
      let letter = try frame.body(
        "digest",
        heading(view, isTest: address == nil),
        DigestLetterView(view, frame.site, address: address, isShortened: step > 0)
      )
      composed = (letter, step > 0)
      if letter.html.utf8.count <= Self.maximumHTMLBytes { break }
    }
    guard let composed else { preconditionFailure("there is always the reader's own density") }
    return composed
  }

  /// From what the reader chose to ever less: lower densities, then fewer upcoming and fewer past meetings of each
  /// council.
  private func manners(from density: Subscriber.Density) -> [EditionView.Manner] {
    let densities = Subscriber.Density.allCases.reversed().drop { $0 != density }
    let whole = densities.map {
      EditionView.Manner(density: $0, styles: LetterStyle.elements, site: frame.site, summaries: summaries)
    }
    let fewer: [(items: Int, upcoming: Int, sections: Int)] = [
      (.max, 3, .max), (40, 0, .max), (20, 0, .max), (10, 0, .max), (5, 0, .max), (2, 0, .max), (1, 0, .max),
      (1, 0, 40), (1, 0, 20), (0, 0, 0),
    ]
    let shortened = fewer.map { step in
      EditionView.Manner(
        density: .headlines,
        maximumItems: step.items,
        sectionsWithItems: step.sections,
        maximumUpcoming: step.upcoming,
        styles: LetterStyle.elements,
        site: frame.site,
        summaries: summaries
      )
    }
    return whole + shortened
  }

  private func heading(_ view: EditionView, isTest: Bool) -> LetterFrame.Heading {
    let subject = DigestSubject(view)
    let follows = view.follows.inProse()
    return LetterFrame.Heading(
      subject: isTest ? "[Test] \(subject.text)" : subject.text,
      preheader: subject.preheader,
      reason: isTest
        ? "This is a test that an operator sent; the address follows nothing by it. Readers have this letter because they follow \(follows)."
        : "You have this letter because you follow \(follows).",
      unsubscribeLink: LetterBody.Slot.unsubscribe.marker,
      preferencesLink: LetterBody.Slot.preferences.marker
    )
  }
}
