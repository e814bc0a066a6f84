import Foundation

/// A feed of entries (RFC 4287), as a value and as its document.
struct AtomFeed: Equatable, Sendable {
  struct Entry: Equatable, Sendable {
    /// Never changes and is never another's, in whatever feed the entry stands (§4.2.6).
    var id: String
    var title: String
    var published: Date
    var updated: Date
    /// The page for people.
    var page: String
    /// Plain text, for lists.
    var summary: String?
    /// HTML whose links are whole: where it is read is not where it was written.
    var content: String
    var categories: [Category] = []
  }

  struct Category: Equatable, Sendable {
    var term: String
    var label: String
  }

  /// Where the feed is; its permanent id, too.
  var address: String
  /// The page for people that shows the like.
  var page: String
  var title: String
  /// Of every entry (§4.1.1).
  var author: String
  var updated: Date
  var entries: [Entry]

  static let mediaType = "application/atom+xml"
  static let contentType = mediaType + "; charset=utf-8"
}

extension AtomFeed {
  var document: String {
    """
    <?xml version="1.0" encoding="utf-8"?>
    <feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-GB">
    <id>\(XMLText.escape(address))</id>
    <title>\(XMLText.escape(title))</title>
    <updated>\(RFC3339.format(updated))</updated>
    <author><name>\(XMLText.escape(author))</name></author>
    <link rel="self" type="\(Self.mediaType)" href="\(XMLText.escape(address))"/>
    <link rel="alternate" type="text/html" href="\(XMLText.escape(page))"/>
    \(entries.map(\.element).joined())</feed>

    """
  }
}

extension AtomFeed.Entry {
  /// HTML as text that was escaped once more (§4.1.3.3): no XML parser can mistake it for markup of the feed.
  fileprivate var element: String {
    """
    <entry>
    <id>\(XMLText.escape(id))</id>
    <title>\(XMLText.escape(title))</title>
    <published>\(RFC3339.format(published))</published>
    <updated>\(RFC3339.format(updated))</updated>
    <link rel="alternate" type="text/html" href="\(XMLText.escape(page))"/>
    \(categories.map(\.element).joined())\(summaryElement)<content type="html">\(XMLText.escape(content))</content>
    </entry>

    """
  }

  private var summaryElement: String {
    summary.map { "<summary>\(XMLText.escape($0))</summary>\n" } ?? ""
  }
}

extension AtomFeed.Category {
  fileprivate var element: String {
    "<category term=\"\(XMLText.escape(term))\" label=\"\(XMLText.escape(label))\"/>\n"
  }
}
