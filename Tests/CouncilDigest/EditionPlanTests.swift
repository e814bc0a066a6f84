import Foundation
import Testing

@testable import CouncilDigest

@Suite struct EditionPlanTests {
  private let wychford = Council(id: 1, slug: "wychford", details: CouncilDetails(name: "Wychford"))
  private let marlbeck = Council(id: 2, slug: "marlbeck", details: CouncilDetails(name: "Marlbeck"))
  private let roads = Committee(id: 10, slug: "roads", name: "Roads")
  private let start = Date(timeIntervalSince1970: 0)
  private let end = Date(timeIntervalSince1970: 1_000)

  private func candidate(_ revision: Int64, council: Int64 = 1, committee: Int64 = 10, at seconds: TimeInterval = 500)
    -> EditionPlan.Candidate
  {
    .init(
      revision: revision,
      council: council,
      committee: committee,
      startsAt: start,
      announcedAt: Date(timeIntervalSince1970: seconds)
    )
  }

  private func content(
    _ follows: [FollowKey],
    _ candidates: [EditionPlan.Candidate],
    quiet: Bool = true,
    from: Date? = nil,
    corrections: [Int64] = [],
    _ change: (inout EditionPlan) -> Void = { _ in }
  ) -> EditionContent? {
    var plan = EditionPlan(
      week: "2026-W48",
      end: end,
      names: .init(
        councils: [1: wychford, 2: marlbeck],
        committees: [10: ("Roads", 1)],
        topics: [5: "Housing"],
        queries: [7: "bus lane"]
      ),
      candidates: Dictionary(grouping: candidates, by: \.council),
      mailsQuietWeeks: quiet
    )
    change(&plan)
    return plan.content(
      for: .init(windowStart: from ?? start, density: .brief, follows: follows, corrections: corrections)
    )
  }

  private let extract = MatchExtract(marked: "the \u{2}bus lane\u{3} opens")

  @Test func `windows exclude their start and include their end`() {
    let content = content(
      [.council(1)],
      [candidate(1, at: 200), candidate(2, at: 200.001), candidate(3, at: 1_000), candidate(4, at: 1_000.001)],
      from: Date(timeIntervalSince1970: 200)
    )
    #expect(content?.sections[0].items.map(\.revision) == [2, 3])
  }

  @Test func `an item that matches several times appears once with all its reasons`() {
    let one = candidate(1)
    let content = content([.committee(10), .council(1), .query(7), .topic(5)], [one]) { plan in
      plan.hits = [
        .query(7): [.init(candidate: one, extract: extract)], .topic(5): [.init(candidate: one, extract: extract)],
      ]
    }
    #expect(content?.sections.count == 1)
    let item = content?.sections[0].items.first
    #expect(content?.itemCount == 1 && item?.reasons == ["Roads, Wychford", "Wychford"])
    #expect(item?.matches.map(\.interest.name) == ["bus lane", "Housing"])
    #expect(item?.matches.map(\.interest.isOwnQuery) == [true, false])
    #expect(content?.unmatched.isEmpty == true)
  }

  @Test func `a topic reaches across councils, after those that are followed and without their silence`() {
    let elsewhere = candidate(3, council: 2, committee: 20)
    let content = content([.council(1), .topic(5)], [candidate(1), elsewhere]) { plan in
      plan.hits = [.topic(5): [.init(candidate: elsewhere, extract: extract)]]
      plan.upcoming = [1: [.init(revision: 8, committee: 11)], 2: [.init(revision: 9, committee: 20)]]
    }
    #expect(content?.sections.map(\.council) == ["Wychford", "Marlbeck"])
    #expect(content?.sections[1].items.map(\.revision) == [3] && content?.sections[1].items[0].reasons == [])
    #expect(content?.sections[0].upcoming == [8] && content?.sections[1].upcoming == [])
  }

  @Test func `hits outside the window are no hits`() {
    let old = candidate(1, at: 100)
    let content = content([.topic(5)], [old], from: Date(timeIntervalSince1970: 100)) { plan in
      plan.hits = [.topic(5): [.init(candidate: old, extract: extract)]]
    }
    #expect(content?.itemCount == 0 && content?.unmatched.map(\.name) == ["Housing"])
  }

  @Test func `a committee's follower gets nothing of the others`() {
    let content = content([.committee(10)], [candidate(1, committee: 11), candidate(2)]) { plan in
      plan.upcoming = [1: [.init(revision: 8, committee: 11), .init(revision: 9, committee: 10)]]
    }
    #expect(content?.sections[0].items.map(\.revision) == [2] && content?.sections[0].upcoming == [9])
  }

  @Test func `with nothing to say there is a note or no letter, never a blank one`() {
    #expect(content([.council(2)], [candidate(1)])?.sections[0].quiet == .noMeetings)
    #expect(content([.council(2)], [candidate(1)], quiet: false) == nil)
    #expect(content([.topic(5)], [candidate(1)], quiet: false) == nil)
    #expect(content([], [candidate(1)]) == nil)
    #expect(content([.council(2)], [], quiet: false, corrections: [4])?.corrections == [4])
  }

  @Test func `quiet weeks tell apart no meetings, papers to come and nothing new`() {
    func quiet(_ sittings: [EditionPlan.Sitting]) -> EditionContent.Quiet? {
      content([.committee(10)], []) { $0.sittings = [1: sittings] }?.sections[0].quiet
    }
    let held = Date(timeIntervalSince1970: 500)
    #expect(quiet([.init(council: 1, committee: 11, startsAt: held, hasSummary: false)]) == .noMeetings)
    #expect(quiet([.init(council: 1, committee: 10, startsAt: held, hasSummary: false)]) == .papersPending(1))
    #expect(quiet([.init(council: 1, committee: 10, startsAt: held, hasSummary: true)]) == .nothingNew)
    #expect(quiet([.init(council: 1, committee: 10, startsAt: start, hasSummary: false)]) == .noMeetings)
  }

  @Test func `equal contents have equal keys, and any difference another`() throws {
    let one = try #require(content([.council(1)], [candidate(1)]))
    let two = try #require(content([.council(1)], [candidate(1)]))
    var other = two
    other.density = .full
    #expect(EditionContent.key(of: try one.encoded()) == EditionContent.key(of: try two.encoded()))
    #expect(EditionContent.key(of: try one.encoded()) != EditionContent.key(of: try other.encoded()))
    #expect(try EditionContent.decode(String(decoding: one.encoded(), as: UTF8.self)) == one)
  }

  @Test func `an edition that an earlier version stored still reads`() throws {
    let json =
      #"{"density":"brief","follows":["W"],"week":"2026-W47","sections":[{"council":"W","shortName":"W","path":"/w","items":[{"revision":1,"reasons":["W"]}]}]}"#
    let content = try EditionContent.decode(json)
    #expect(content.itemCount == 1 && content.corrections.isEmpty && content.sections[0].upcoming.isEmpty)
  }
}
