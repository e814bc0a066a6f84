import CCmarkGFM
import Foundation

extension Document {
  /// The largest source that is parsed, in bytes. cmark 0.29 has inputs with quadratic cost; this bounds them.
  public static let maximumBytes = 65_536
  /// Footnote marks that lead to their notes and back, in the whole text. Four bytes of source make three hundred of a
  /// page, so whatever is beyond is a plain mark.
  public static let maximumFootnoteLinks = 500

  /// Parses CommonMark with footnotes. Every text is valid; what is beyond `maximumBytes` is cut off.
  public init(parsing source: String) {
    let bytes = Array(source.utf8.prefix(Self.maximumBytes)).map(CChar.init(bitPattern:))
    guard let parser = cmark_parser_new(CMARK_OPT_FOOTNOTES | CMARK_OPT_VALIDATE_UTF8) else {
      self.init()
      return
    }
    defer { cmark_parser_free(parser) }
    cmark_parser_feed(parser, bytes, bytes.count)
    guard let root = cmark_parser_finish(parser) else {
      self.init()
      return
    }
    defer { cmark_node_free(root) }
    var walk = TreeWalk()
    let blocks = walk.blocks(of: root, depth: 0)
    self.init(blocks: blocks, footnotes: walk.footnotes)
  }
}

/// Copies cmark's tree into ours, counting footnotes on the way.
private struct TreeWalk {
  private(set) var footnotes: [Document.Footnote] = []
  private var references: [Int: Int] = [:]
  private var links = 0

  /// Deeper nesting than any council has written; beyond it content is dropped, so that no input exhausts the stack.
  private static let maximumDepth = 60

  mutating func blocks(of parent: OpaquePointer, depth: Int) -> [Document.Block] {
    guard depth < Self.maximumDepth else { return [] }
    return children(of: parent).compactMap { block($0, depth: depth + 1) }
  }

  private mutating func block(_ node: OpaquePointer, depth: Int) -> Document.Block? {
    switch cmark_node_get_type(node) {
    case CMARK_NODE_PARAGRAPH: return .paragraph(inlines(of: node, depth: depth))
    case CMARK_NODE_HEADING:
      return .heading(level: Int(cmark_node_get_heading_level(node)), inlines(of: node, depth: depth))
    case CMARK_NODE_LIST:
      let isOrdered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST
      let items = children(of: node).map { blocks(of: $0, depth: depth + 1) }
      return .list(
        start: isOrdered ? Int(cmark_node_get_list_start(node)) : nil,
        isTight: cmark_node_get_list_tight(node) != 0,
        items: items
      )
    case CMARK_NODE_BLOCK_QUOTE: return .quote(blocks(of: node, depth: depth))
    case CMARK_NODE_CODE_BLOCK: return .code(literal(node))
    case CMARK_NODE_THEMATIC_BREAK: return .rule
    case CMARK_NODE_FOOTNOTE_DEFINITION:
      // cmark moves the definitions that are used to the end, in the order of their first reference.
      let content = blocks(of: node, depth: depth)
      footnotes.append(.init(blocks: content, references: references[footnotes.count + 1] ?? 0))
      return nil
    default: return nil
    }
  }

  private mutating func inlines(of parent: OpaquePointer, depth: Int) -> [Document.Inline] {
    guard depth < Self.maximumDepth else { return [] }
    // cmark cuts text at every mark that might have meant something; an address must be whole to be seen.
    return children(of: parent).flatMap { inline($0, depth: depth + 1) }.reduce(into: []) { joined, inline in
      if case .text(let more) = inline, case .text(let before)? = joined.last {
        joined[joined.count - 1] = .text(before + more)
      } else {
        joined.append(inline)
      }
    }
  }

  private mutating func inline(_ node: OpaquePointer, depth: Int) -> [Document.Inline] {
    switch cmark_node_get_type(node) {
    case CMARK_NODE_TEXT: return [.text(literal(node))]
    case CMARK_NODE_SOFTBREAK: return [.softBreak]
    case CMARK_NODE_LINEBREAK: return [.lineBreak]
    case CMARK_NODE_CODE: return [.code(literal(node))]
    case CMARK_NODE_EMPH: return [.emphasis(inlines(of: node, depth: depth))]
    case CMARK_NODE_STRONG: return [.strong(inlines(of: node, depth: depth))]
    case CMARK_NODE_LINK:
      let inner = inlines(of: node, depth: depth)
      let address = cmark_node_get_url(node).map { String(cString: $0) } ?? ""
      return SafeLink.check(address).map { [.link(address: $0, inner)] } ?? inner
    case CMARK_NODE_IMAGE: return inlines(of: node, depth: depth)
    case CMARK_NODE_FOOTNOTE_REFERENCE:
      guard let number = Int(literal(node)) else { return [] }
      links += 1
      guard links <= Document.maximumFootnoteLinks else { return [.text("[\(number)]")] }
      references[number, default: 0] += 1
      return [.footnote(number: number, occurrence: references[number, default: 1])]
    default: return []
    }
  }

  private func children(of parent: OpaquePointer) -> [OpaquePointer] {
    var result: [OpaquePointer] = []
    var child = cmark_node_first_child(parent)
    while let node = child {
      result.append(node)
      child = cmark_node_next(node)
    }
    return result
  }

  private func literal(_ node: OpaquePointer) -> String {
    let text = cmark_node_get_literal(node).map { String(cString: $0) } ?? ""
    // The Markdown of a stranger must not carry a letter's slots or a terminal's escapes.
    return String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 || $0 == "\n" || $0 == "\t" }))
  }
}
