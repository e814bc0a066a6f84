import Testing

@testable import CouncilDigest

@Suite struct WrittenLinesTests {
  private func shown(_ text: String, linked: Bool) -> [[String]] {
    WrittenLines(text, linked: linked).lines.map {
      $0.pieces.filter { !$0.text.isEmpty }.map { $0.leadsTo.map { "[\($0)]" } ?? $0.text }
    }
  }

  @Test func `lines stay, and a link leads where it says, without what stands around it`() {
    let text = "Look (https://a.example/b?c=d&e=(f)), or “http://b.example”.\n\nNot ftp://c.example."
    #expect(
      shown(text, linked: true) == [
        ["Look (", "[https://a.example/b?c=d&e=(f)]", "), or “", "[http://b.example]", "”."], [],
        ["Not ftp://c.example."],
      ]
    )
  }

  @Test func `what is no address, or hides one, is text`() {
    for text in ["https://", "https://user:pass@a.example", "http:///x"] {
      #expect(shown(text, linked: true) == [[text]])
    }
  }

  @Test func `what a stranger wrote leads nowhere`() {
    #expect(shown("See https://a.example\nnow", linked: false) == [["See https://a.example"], ["now"]])
  }
}
