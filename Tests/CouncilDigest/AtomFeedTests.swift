import Foundation
import TestSupport
import Testing

@testable import CouncilDigest

@Suite struct AtomFeedTests {
  private func feed(_ text: String, content: String = "<p>Text.</p>") -> AtomFeed {
    let date = Date(timeIntervalSince1970: 1_790_000_000)
    let entry = AtomFeed.Entry(
      id: "https://digest.example/a",
      title: text,
      published: date,
      updated: date.addingTimeInterval(60),
      page: "https://digest.example/a?b=1&c=2",
      summary: text,
      content: content,
      categories: [.init(term: "send", label: text)]
    )
    return AtomFeed(
      address: "https://digest.example/feed.atom",
      page: "https://digest.example/",
      title: text,
      author: text,
      updated: date.addingTimeInterval(60),
      entries: [entry]
    )
  }

  @Test func `the document is what RFC 4287 asks for`() {
    #expect(
      feed("Roads & homes").document == """
        <?xml version="1.0" encoding="utf-8"?>
        <feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-GB">
        <id>https://digest.example/feed.atom</id>
        <title>Roads &amp; homes</title>
        <updated>2026-09-21T14:14:20Z</updated>
        <author><name>Roads &amp; homes</name></author>
        <link rel="self" type="application/atom+xml" href="https://digest.example/feed.atom"/>
        <link rel="alternate" type="text/html" href="https://digest.example/"/>
        <entry>
        <id>https://digest.example/a</id>
        <title>Roads &amp; homes</title>
        <published>2026-09-21T14:13:20Z</published>
        <updated>2026-09-21T14:14:20Z</updated>
        <link rel="alternate" type="text/html" href="https://digest.example/a?b=1&amp;c=2"/>
        <category term="send" label="Roads &amp; homes"/>
        <summary>Roads &amp; homes</summary>
        <content type="html">&lt;p&gt;Text.&lt;/p&gt;</content>
        </entry>
        </feed>

        """
    )
  }

  @Test(arguments: [
    "</title><script>alert(1)</script>", "]]>", "<![CDATA[x]]>", "&amp; &#0; &undefined;", "a\" b' c=\"d\"", "🏛️👩‍👩‍👧‍👦",
    "\u{202E}desrever\u{200F}", "<?xml version=\"1.0\"?>", "<!-- -- >", String(repeating: "<é🙂>", count: 6_000),
  ])
  func `another reader gets back what was written, whatever it was`(_ text: String) async throws {
    let read = try await FeedReader.atom(Array(feed(text, content: "<p>\(text)</p>").document.utf8))
    let entry = try #require((read["entries"] as? [[String: Any]])?.first)
    #expect(read["title"] as? String == text && read["author"] as? String == text)
    #expect(entry["title"] as? String == text && entry["summary"] as? String == text)
    #expect(entry["content"] as? String == "<p>\(text)</p>" && entry["type"] as? String == "text/html")
    #expect(entry["tags"] as? [[String]] == [["send", text]])
    #expect(entry["links"] as? [String: String] == ["alternate": "https://digest.example/a?b=1&c=2"])
  }

  @Test func `characters that XML has no way to write are dropped`() async throws {
    let forbidden = "a\u{0}b\u{1}\u{8}\u{B}\u{C}\u{E}\u{1F}\u{FFFE}\u{FFFF}c\tz"
    #expect(XMLText.escape(forbidden) == "abc\tz")
    let read = try await FeedReader.atom(Array(feed(forbidden).document.utf8))
    #expect(read["title"] as? String == "abc\tz")
  }

  @Test func `a feed without entries is a feed`() async throws {
    var empty = feed("None yet")
    empty.entries = []
    let read = try await FeedReader.atom(Array(empty.document.utf8))
    #expect((read["entries"] as? [Any])?.isEmpty == true && read["updated"] as? String == "2026-09-21T14:14:20Z")
  }
}
