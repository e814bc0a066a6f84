/// Writes a document as HTML from a fixed list of elements; every text is escaped, every attribute quoted.
public struct HTMLRenderer: Sendable {
  /// Added to heading levels, so that a summary's `##` fits under the page's own headings.
  public var headingShift: Int
  /// Starts every id. Two documents on one page need two prefixes. Nil writes no ids and no in-page links, for mail.
  public var idPrefix: String?
  /// Inline CSS by element name, for mail, where style sheets do not survive.
  public var styles: [String: String]
  /// The address of the page that shows the document with this prefix, for a copy that is read elsewhere: its in-page
  /// links lead there, and it has no ids, which would clash with those of other copies beside it.
  public var page: String?
  /// Whether a heading that has an id is a link to itself, so that its address can be copied.
  public var linksHeadings: Bool

  public init(
    headingShift: Int = 0,
    idPrefix: String? = "s",
    styles: [String: String] = [:],
    page: String? = nil,
    linksHeadings: Bool = false
  ) {
    self.headingShift = headingShift
    self.idPrefix = idPrefix
    self.styles = styles
    self.page = page
    self.linksHeadings = linksHeadings
  }

  public func render(_ document: Document) -> String {
    var slugs = HeadingSlugs()
    return blocks(document.blocks, tight: false, depth: 0, &slugs) + notes(document.footnotes, &slugs)
  }

  /// A run of inline content without any block around it.
  public func render(_ inlines: [Document.Inline]) -> String { text(inlines) }

  /// The ids this renderer gives to the headings of a document, in order, for a table of contents.
  public func headingIDs(of document: Document) -> [String] {
    var slugs = HeadingSlugs()
    return document.headings.map { id(slugs.next(for: $0)) }
  }

  private func blocks(
    _ blocks: [Document.Block],
    tight: Bool,
    depth: Int = 1,
    _ slugs: inout HeadingSlugs
  ) -> String {
    var html = ""
    for block in blocks {
      switch block {
      case .paragraph(let inlines):
        html += tight ? text(inlines) + "\n" : element("p", text(inlines))
      case .heading(let level, let inlines):
        let name = "h\(min(6, level + headingShift))"
        // The contents list the headings of the top level; those inside lists and quotes need no address.
        let id = idPrefix == nil || depth > 0 ? nil : id(slugs.next(for: inlines.plainText))
        html += "<\(name)\(id.map(idAttribute) ?? "")\(style(name))>\(heading(inlines, id))</\(name)>\n"
      case .list(let start, let isTight, let items):
        html += list(start, isTight, items, &slugs)
      case .quote(let inner):
        html += "<blockquote\(style("blockquote"))>\n\(self.blocks(inner, tight: false, &slugs))</blockquote>\n"
      case .code(let code):
        html += "<pre\(style("pre"))><code>\(HTML.escape(code))</code></pre>\n"
      case .rule:
        html += "<hr\(style("hr"))>\n"
      }
    }
    return html
  }

  /// A link can't hold another.
  private func heading(_ inlines: [Document.Inline], _ id: String?) -> String {
    guard linksHeadings, let id, !inlines.containsLink else { return text(inlines) }
    return "<a class=\"heading-link\" href=\"\(inPage(id))\">\(text(inlines))</a>"
  }

  private func list(_ start: Int?, _ isTight: Bool, _ items: [[Document.Block]], _ slugs: inout HeadingSlugs) -> String
  {
    let name = start == nil ? "ul" : "ol"
    let from = start.map { $0 == 1 ? "" : " start=\"\($0)\"" } ?? ""
    var html = "<\(name)\(from)\(style(name))>\n"
    for item in items { html += "<li\(style("li"))>\(blocks(item, tight: isTight, &slugs))</li>\n" }
    return html + "</\(name)>\n"
  }

  private func text(_ inlines: [Document.Inline]) -> String {
    inlines.map { inline in
      switch inline {
      case .text(let text): HTML.escape(text)
      case .softBreak: "\n"
      case .lineBreak: "<br>\n"
      case .emphasis(let inner): "<em>\(text(inner))</em>"
      case .strong(let inner): "<strong>\(text(inner))</strong>"
      case .code(let code): "<code\(style("code"))>\(HTML.escape(code))</code>"
      case .link(let address, let inner):
        "<a href=\"\(HTML.escape(address))\" rel=\"nofollow noopener noreferrer\"\(style("a"))>\(text(inner))</a>"
      case .footnote(let number, let occurrence): reference(number, occurrence)
      }
    }.joined()
  }

  private func reference(_ number: Int, _ occurrence: Int) -> String {
    guard idPrefix != nil else { return "<sup>[\(number)]</sup>" }
    let id = idAttribute(referenceID(number, occurrence))
    return "<sup><a class=\"footnote-reference\"\(id) href=\"\(inPage(noteID(number)))\" "
      + "aria-label=\"Footnote \(number)\">\(number)</a></sup>"
  }

  private func notes(_ footnotes: [Document.Footnote], _ slugs: inout HeadingSlugs) -> String {
    guard !footnotes.isEmpty else { return "" }
    let items = footnotes.enumerated().map { index, footnote in
      "<li\(idAttribute(noteID(index + 1)))\(style("li"))>\(withWaysBack(footnote, index + 1, &slugs))</li>\n"
    }
    let list = "<ol\(style("ol"))>\n\(items.joined())</ol>\n"
    return idPrefix == nil ? list : "<section class=\"footnotes\" aria-label=\"Footnotes\">\n\(list)</section>\n"
  }

  /// The way back stands at the end of the note's last paragraph.
  private func withWaysBack(_ footnote: Document.Footnote, _ number: Int, _ slugs: inout HeadingSlugs) -> String {
    guard idPrefix != nil, footnote.references > 0 else { return blocks(footnote.blocks, tight: true, &slugs) }
    let links = (1...footnote.references).map { occurrence in
      "<a class=\"footnote-back\" href=\"\(inPage(referenceID(number, occurrence)))\" "
        + "aria-label=\"Back to where footnote \(number) is mentioned\">↩</a>"
    }.joined(separator: " ")
    guard case .paragraph(let inlines)? = footnote.blocks.last else {
      return blocks(footnote.blocks, tight: false, &slugs) + "<p>\(links)</p>\n"
    }
    return blocks(Array(footnote.blocks.dropLast()), tight: false, &slugs) + "<p>\(text(inlines)) \(links)</p>\n"
  }

  private func element(_ name: String, _ content: String) -> String {
    "<\(name)\(style(name))>\(content)</\(name)>\n"
  }

  private func style(_ element: String) -> String {
    styles[element].map { " style=\"\(HTML.escape($0))\"" } ?? ""
  }

  private func idAttribute(_ id: String) -> String { idPrefix != nil && page == nil ? " id=\"\(id)\"" : "" }
  private func inPage(_ id: String) -> String { HTML.escape(page ?? "") + "#" + id }
  private func id(_ slug: String) -> String { (idPrefix ?? "") + "-" + slug }
  private func noteID(_ number: Int) -> String { id("fn-\(number)") }
  private func referenceID(_ number: Int, _ occurrence: Int) -> String {
    id(occurrence == 1 ? "fnref-\(number)" : "fnref-\(number)-\(occurrence)")
  }
}

/// Ids for headings: their words, with a number when they repeat.
private struct HeadingSlugs {
  private var seen: Set<String> = []

  mutating func next(for heading: String) -> String {
    let words = heading.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    let slug = words.isEmpty ? "section" : words.prefix(8).joined(separator: "-")
    var candidate = slug
    var count = 1
    while !seen.insert(candidate).inserted {
      count += 1
      candidate = "\(slug)-\(count)"
    }
    return candidate
  }
}

/// Escaping for HTML text and quoted attributes.
public enum HTML {
  public static func escape(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count + 16)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
