import Foundation
import GRDB
import Markdown

/// Renders the two bodies of an edition, once: every later attempt sends the same bytes.
struct ComposeEdition: Sendable {
  let frame: LetterFrame

  /// Gmail shows about 102 KB and cuts the rest; what is larger is shortened, with links to the whole text.
  static let maximumHTMLBytes = 80 * 1024

  /// The stored bodies of an edition, rendered when this is its first letter. Nil when nothing of it is left to say,
  /// because what it carried was deleted.
  func bodies(of edition: Int64, _ database: Database) throws -> (id: Int64, body: LetterBody)? {
    let row = try Row.fetchOne(
      database,
      sql: "SELECT letter_body_id, content, address FROM edition WHERE id = ?",
      arguments: [edition]
    )
    guard let row else { return nil }
    if let id: Int64 = row["letter_body_id"], let body = try LetterBody.fetch(id, database) { return (id, body) }
    let content = try Self.decode(row["content"])
    let revisions = try EditionRevision.fetch(content.sections.flatMap(\.items).map(\.revision), database)
    guard !revisions.isEmpty || content.itemCount == 0 else { return nil }
    let body = try compose(content, revisions, address: row["address"])
    let id = try body.insert(database)
    try database.execute(sql: "UPDATE edition SET letter_body_id = ? WHERE id = ?", arguments: [id, edition])
    return (id, body)
  }

  func compose(
    _ content: EditionContent,
    _ revisions: [Int64: EditionRevision],
    address: String
  ) throws -> LetterBody {
    let densities = Subscriber.Density.allCases.reversed().drop { $0 != content.density }
    var body: LetterBody?
    for density in densities {
      let view = EditionView(content, revisions, density: density, site: frame.site, styles: Self.styles)
      let isShortened = density != content.density
      let letter = try frame.body(
        "digest",
        heading(view),
        DigestLetterView(view, frame.site, address: address, isShortened: isShortened)
      )
      body = letter
      if letter.html.utf8.count <= Self.maximumHTMLBytes { break }
    }
    guard let body else { preconditionFailure("every density is in the list of densities") }
    return body
  }

  private func heading(_ view: EditionView) -> LetterFrame.Heading {
    LetterFrame.Heading(
      subject: DigestSubject(view).text,
      preheader: DigestSubject(view).preheader,
      reason: "You have this letter because you follow \(Self.list(view.follows)).",
      unsubscribeLink: LetterBody.Slot.unsubscribe.marker
    )
  }

  static func decode(_ json: String) throws -> EditionContent {
    try JSONDecoder().decode(EditionContent.self, from: Data(json.utf8))
  }

  static func list(_ names: [String]) -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }

  /// Inline, because many mail programs drop style sheets.
  static let styles = [
    "p": "margin:0 0 12px 0", "ul": "margin:0 0 12px 0;padding:0 0 0 20px",
    "ol": "margin:0 0 12px 0;padding:0 0 0 20px", "li": "margin:0 0 6px 0",
    "h3": "margin:20px 0 8px 0;font-size:18px;line-height:24px",
    "h4": "margin:20px 0 8px 0;font-size:17px;line-height:24px",
    "h5": "margin:16px 0 6px 0;font-size:16px;line-height:24px",
    "h6": "margin:16px 0 6px 0;font-size:16px;line-height:24px",
    "a": "color:#0b5c6b;text-decoration:underline",
    "blockquote": "margin:0 0 12px 0;padding:0 0 0 12px;border-left:3px solid #8a949e",
    "pre": "margin:0 0 12px 0;white-space:pre-wrap;font-family:monospace", "code": "font-family:monospace",
  ]
}

private struct DigestLetterView {
  struct Item {
    var title: String
    var date: String
    var link: String
    var reason: String
    var reasonText: String
    var titleText: String
    var titleUnderline: String
    var text: String?
    var html: String?
    var headings: [String]
    var headingLines: [String]
    var hasHeadings: Bool
    var isCancelled: Bool
  }

  struct Section {
    var council: String
    var underline: String
    var link: String
    var items: [Item]
    var quiet: String?
    var quietText: String?
  }

  var sections: [Section]
  var isShortened: Bool
  var browserLink: String
  var unsubscribe: String

  init(_ view: EditionView, _ site: SiteIdentity, address: String, isShortened: Bool) {
    sections = view.sections.map { section in
      Section(
        council: section.council,
        underline: String(repeating: "=", count: min(72, section.council.count)),
        link: section.link,
        items: section.items.map { item in
          Item(
            title: item.title,
            date: item.date,
            link: item.link,
            reason: item.reason,
            reasonText: TextWrap.wrap(item.reason, width: 72),
            titleText: TextWrap.wrap(item.title, width: 72),
            titleUnderline: String(repeating: "-", count: min(72, item.title.count)),
            text: item.text,
            html: item.html,
            headings: item.headings,
            headingLines: item.headings.map { heading in
              TextWrap.wrap(heading, width: 70).replacing("\n", with: "\n  ")
            },
            hasHeadings: !item.headings.isEmpty,
            isCancelled: item.isCancelled
          )
        },
        quiet: section.quiet,
        quietText: section.quiet.map { TextWrap.wrap($0, width: 72) }
      )
    }
    self.isShortened = isShortened
    browserLink = site.link("/digests/\(address)")
    unsubscribe = LetterBody.Slot.unsubscribe.marker
  }
}
