/// A Markdown text as a tree of what this service shows. Raw HTML, images and unsafe links were left behind while
/// parsing, so no renderer has to think of them.
public struct Document: Equatable, Sendable {
  public var blocks: [Block]
  /// In the order of their first reference; `Inline.footnote` counts from 1.
  public var footnotes: [Footnote]

  public struct Footnote: Equatable, Sendable {
    public var blocks: [Block]
    /// How often the text refers to it by a link; each gets its own way back.
    public var references: Int
  }

  public indirect enum Block: Equatable, Sendable {
    case paragraph([Inline])
    /// Level 1 to 6 as written.
    case heading(level: Int, [Inline])
    /// A tight list's items hold paragraphs that are shown without paragraph spacing.
    case list(start: Int?, isTight: Bool, items: [[Block]])
    case quote([Block])
    case code(String)
    case rule
  }

  public indirect enum Inline: Equatable, Sendable {
    case text(String)
    case softBreak
    case lineBreak
    case emphasis([Inline])
    case strong([Inline])
    case code(String)
    /// http, https or mailto only.
    case link(address: String, [Inline])
    /// The number of the footnote and which reference to it this is, both from 1.
    case footnote(number: Int, occurrence: Int)
  }

  public init(blocks: [Block] = [], footnotes: [Footnote] = []) {
    self.blocks = blocks
    self.footnotes = footnotes
  }
}

extension Document {
  /// The paragraph before the first heading, or the first one at all: what a reader in a hurry is given.
  public var lead: [Inline]? {
    for case .paragraph(let inlines) in blocks { return inlines }
    return nil
  }

  /// The lead without its footnote marks, for places that do not show the notes.
  public var leadWithoutNotes: [Inline]? { lead?.withoutNotes }

  /// All words of the text, a block a line, without markup, link addresses and footnote marks: what is searched.
  public var plainText: String {
    (blocks + footnotes.flatMap(\.blocks)).map(\.plainText).filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// The headings in order, as plain text.
  public var headings: [String] {
    blocks.compactMap { block in
      if case .heading(_, let inlines) = block { inlines.plainText } else { nil }
    }
  }
}

extension Document.Block {
  fileprivate var plainText: String {
    switch self {
    case .paragraph(let inlines), .heading(_, let inlines): inlines.plainText
    case .list(_, _, let items): items.flatMap(\.self).map(\.plainText).joined(separator: "\n")
    case .quote(let blocks): blocks.map(\.plainText).joined(separator: "\n")
    case .code(let code): code
    case .rule: ""
    }
  }
}

extension [Document.Inline] {
  fileprivate var withoutNotes: [Document.Inline] {
    compactMap { inline in
      switch inline {
      case .footnote: nil
      case .emphasis(let inner): .emphasis(inner.withoutNotes)
      case .strong(let inner): .strong(inner.withoutNotes)
      case .link(let address, let inner): .link(address: address, inner.withoutNotes)
      case .text, .softBreak, .lineBreak, .code: inline
      }
    }
  }

  var containsLink: Bool {
    contains { inline in
      switch inline {
      case .link, .footnote: true
      case .emphasis(let inner), .strong(let inner): inner.containsLink
      case .text, .softBreak, .lineBreak, .code: false
      }
    }
  }

  /// The words without any markup or footnote mark.
  public var plainText: String {
    map { inline in
      switch inline {
      case .text(let text), .code(let text): text
      case .softBreak, .lineBreak: " "
      case .emphasis(let inner), .strong(let inner), .link(_, let inner): inner.plainText
      case .footnote: ""
      }
    }.joined()
  }
}
