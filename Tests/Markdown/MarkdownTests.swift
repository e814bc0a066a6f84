import Testing

@testable import Markdown

private func html(_ source: String, idPrefix: String? = "s") -> String {
  HTMLRenderer(headingShift: 1, idPrefix: idPrefix).render(Document(parsing: source))
}

private func text(_ source: String, width: Int = 40) -> String {
  TextRenderer(width: width).render(Document(parsing: source))
}

@Suite struct HTMLRendererTests {
  @Test func `sections, lists with bold labels and nested content`() {
    let source = "Lead.\n\n## Roads\n\n- **Label:** words\n  1. inner\n\n> quoted\n\n---\n"
    #expect(
      html(source) == """
        <p>Lead.</p>
        <h3 id="s-roads">Roads</h3>
        <ul>
        <li><strong>Label:</strong> words
        <ol>
        <li>inner
        </li>
        </ol>
        </li>
        </ul>
        <blockquote>
        <p>quoted</p>
        </blockquote>
        <hr>

        """
    )
  }

  @Test func `footnotes lead there and back, from every mention`() {
    let result = html("One[^a] two[^b] one again[^a].\n\n[^a]: First.\n[^b]: Second.\n")
    #expect(result.contains(##"id="s-fnref-1" href="#s-fn-1""##))
    #expect(result.contains(##"id="s-fnref-1-2" href="#s-fn-1""##))
    #expect(result.contains(##"<li id="s-fn-1"><p>First. <a class="footnote-back" href="#s-fnref-1""##))
    #expect(result.contains(##"href="#s-fnref-1-2" aria-label="Back to where footnote 1 is mentioned">"##))
    #expect(result.contains(##"<li id="s-fn-2"><p>Second."##))
  }

  @Test(arguments: [
    (String(repeating: "[^1]", count: 15_000) + "\n\n[^1]: Note.\n", 15_000),
    ((1...2_500).map { "[^\($0)] " }.joined() + "\n\n" + (1...2_500).map { "[^\($0)]: x\n" }.joined(), 2_500),
  ])
  func `a text of nothing but footnote marks makes no huge page`(_ source: String, _ marks: Int) {
    let document = Document(parsing: source)
    let page = HTMLRenderer(idPrefix: "s", page: "https://digest.example/councils/c/meetings/m").render(document)
    #expect(page.utf8.count < 10 * source.utf8.count, "\(page.utf8.count)")
    #expect(page.matches(of: /class="footnote-reference"/).count == 500)
    #expect(page.matches(of: /class="footnote-back"/).count == 500)
    #expect(page.matches(of: /\[\d+\]/).count == marks - 500, "none is lost")
    #expect(page.contains("Note.") || page.matches(of: /<li/).count == 2_500)
  }

  @Test func `for mail there are no ids and no links inside the page`() {
    let result = html("## A\n\nOne[^a].\n\n[^a]: First.\n", idPrefix: nil)
    #expect(!result.contains("id=") && !result.contains("href=\"#"))
    #expect(result.contains("<sup>[1]</sup>"))
    #expect(result.contains("<li>First.\n</li>"))
  }

  @Test func `a copy that is read elsewhere has whole links to its page and no ids`() {
    let document = Document(parsing: "## A\n\nOne[^a].\n\n[^a]: First.\n")
    let copy = HTMLRenderer(idPrefix: "s", page: "https://d.example/m?a&b").render(document)
    #expect(!copy.contains("id=") && !copy.contains("href=\"#"))
    #expect(copy.contains("href=\"https://d.example/m?a&amp;b#s-fn-1\""))
    #expect(copy.contains("href=\"https://d.example/m?a&amp;b#s-fnref-1\""))
  }

  @Test(arguments: [
    "<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,hi)", "![x](https://e.example/a.png)", "[x](//evil.example)", "[x](https://u:p@evil.example)",
    "<https://ok.example/\"onmouseover=alert(1)>", "[a](<https://ok.example/ b>)",
    "[^\"><script>]\n\n[^\"><script>]: x",
  ])
  func `nothing a stranger writes becomes markup`(_ source: String) {
    let result = html(source)
    #expect(!result.lowercased().contains("<script") && !result.contains("<img") && !result.contains("javascript:"))
    #expect(!result.contains("onerror=") || result.contains("onerror=alert(1)&gt;") || !result.contains("<img"))
    #expect(!result.contains("\"onmouseover") && !result.contains("data:") && !result.contains("u:p@"))
  }

  @Test func `links are kept with their text`() {
    #expect(
      html("[a & b](https://e.example/?a=1&b=2)")
        == "<p><a href=\"https://e.example/?a=1&amp;b=2\" rel=\"nofollow noopener noreferrer\">a &amp; b</a></p>\n"
    )
  }

  @Test func `headings that repeat have ids of their own, and the contents know them`() {
    let document = Document(parsing: "## Bus\n\n## Bus\n\n## ¿?\n")
    let renderer = HTMLRenderer(idPrefix: "m")
    #expect(renderer.headingIDs(of: document) == ["m-bus", "m-bus-2", "m-section"])
    for id in renderer.headingIDs(of: document) { #expect(renderer.render(document).contains("id=\"\(id)\"")) }
  }

  @Test func `hostile sizes end`() {
    #expect(!html(String(repeating: "> ", count: 20_000) + "x").isEmpty)
    #expect(!html(String(repeating: "[", count: 60_000)).isEmpty)
    #expect(!html(String(repeating: "*a_ ", count: 15_000)).isEmpty)
  }
}

@Suite struct TextRendererTests {
  @Test func `lines are wrapped, headings underlined, lists hang`() {
    let source =
      "Some **bold** words that are long enough to need a second line.\n\n## Roads\n\n- **Label:** words that go on and on until they wrap\n- two\n"
    #expect(
      text(source) == """
        Some bold words that are long enough to
        need a second line.

        Roads
        =====

        - Label: words that go on and on until
          they wrap
        - two
        """
    )
  }

  @Test func `links stand whole and alone on their line`() {
    let address = "https://council.example/a/very/long/path/that/passes/any/width?x=1"
    #expect(text("Read [the report](\(address)) today.") == "Read the report today.\n\(address)")
  }

  @Test func `an address in running text moves to its own line, marks around it stay`() {
    let address = "https://council.example/a_b_c?x=1&y=(2"
    #expect(text("See \(address)), or ask.") == "See (link below)), or ask.\n\(address)")
    #expect(text("- <https://council.example/>\n") == "- (link below)\n  https://council.example/")
    #expect(text("Read <https://council.example/x> now.") == "Read (link below) now.\nhttps://council.example/x")
  }

  @Test func `footnotes are numbered at the end`() {
    #expect(text("One[^x].\n\n[^x]: Because.\n") == "One [1].\n\n[1] Because.")
  }

  @Test func `the lead is the first paragraph, without its notes where they are not shown`() {
    let document = Document(parsing: "## Title\n\nLead *here*[^1].\n\nMore.\n\n[^1]: x")
    #expect(document.lead?.plainText == "Lead here.")
    #expect(HTMLRenderer().render(document.leadWithoutNotes ?? []) == "Lead <em>here</em>.")
    #expect(document.headings == ["Title"])
  }

  @Test func `control characters are dropped`() {
    #expect(text("a\u{2}unsubscribe\u{3}b") == "aunsubscribeb")
  }
}
