import Foundation
import Testing

@testable import CouncilDigest

@Suite struct ComposeEditionTests {
  @Test func `a reader of very many councils still gets summaries, and the subject says so`() async throws {
    let chain = try await Chain("2026-11-17T10:00:00Z")
    let content = EditionContent(
      week: "2026-W47",
      density: .full,
      follows: (0..<100).map { "Council \($0)" },
      sections: (0..<100).map { number in
        .init(
          council: "Council \(number)",
          shortName: "C\(number)",
          path: "/councils/c\(number)",
          items: (0..<5).map { .init(revision: Int64(number * 5 + $0), reasons: ["Council \(number)"], matches: []) },
          upcoming: Array(repeating: 1, count: 12)
        )
      },
      corrections: [],
      unmatched: []
    )
    let meeting = MeetingContent(
      committee: "Committee",
      startsAt: "2026-11-17T10:00:00Z",
      status: .held,
      summary: String(repeating: "Words of a summary. ", count: 100),
      attendees: [],
      documents: []
    )
    let revision = EditionRevision(content: meeting, councilName: "C", reference: "c/m")
    let revisions = Dictionary(uniqueKeysWithValues: (0..<500).map { (Int64($0), revision) })
    let body = try chain.services.queue.editions.compose(content, revisions, address: "a").body
    #expect(body.html.utf8.count <= ComposeEdition.maximumHTMLBytes)
    #expect(body.subject == "C0: Committee; C1: Committee and 498 more", "\(body.subject)")
    #expect(body.html.contains("4 more summaries are on the council"))
    #expect(body.html.contains("and 88 more"))
  }

  @Test(arguments: [
    ([], ""), (["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C"),
    (["A, of B", "C"], "A, of B; and C"), (["A, of B", "C", "D"], "A, of B; C; and D"),
    ((1...14).map { "\($0)" }, "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 2 more"),
  ])
  func `what somebody follows is listed so that each name can be told`(_ names: [String], _ text: String) {
    #expect(names.inProse() == text)
  }
}
