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
    _ follows: [FollowTarget],
    _ candidates: [EditionPlan.Candidate],
    quiet: Bool = true,
    from: Date? = nil
  ) -> EditionContent? {
    EditionPlan(
      week: "2026-W48",
      end: end,
      candidates: Dictionary(grouping: candidates, by: \.council),
      sittings: [:],
      mailsQuietWeeks: quiet
    ).content(for: .init(windowStart: from ?? start, density: .brief, follows: follows))
  }

  @Test func `windows exclude their start and include their end`() {
    let content = content(
      [FollowTarget(council: wychford)],
      [candidate(1, at: 200), candidate(2, at: 200.001), candidate(3, at: 1_000), candidate(4, at: 1_000.001)],
      from: Date(timeIntervalSince1970: 200)
    )
    #expect(content?.sections[0].items.map(\.revision) == [2, 3])
  }

  @Test func `an item that matches twice appears once with both reasons`() {
    let follows = [FollowTarget(council: wychford), FollowTarget(council: wychford, committee: roads)]
    let content = content(follows, [candidate(1)])
    #expect(content?.sections.count == 1)
    #expect(content?.sections[0].items == [.init(revision: 1, reasons: ["Wychford", "Roads, Wychford"])])
  }

  @Test func `a committee's follower gets nothing of the others`() {
    let content = content(
      [FollowTarget(council: wychford, committee: roads)],
      [candidate(1, committee: 11), candidate(2)]
    )
    #expect(content?.sections[0].items.map(\.revision) == [2])
  }

  @Test func `with nothing to say there is a note or no letter, never a blank one`() {
    #expect(content([FollowTarget(council: marlbeck)], [candidate(1)])?.sections[0].quiet == .noMeetings)
    #expect(content([FollowTarget(council: marlbeck)], [candidate(1)], quiet: false) == nil)
    #expect(content([], [candidate(1)]) == nil)
  }

  @Test func `equal contents have equal keys, and any difference another`() throws {
    let one = try #require(content([FollowTarget(council: wychford)], [candidate(1)]))
    let two = try #require(content([FollowTarget(council: wychford)], [candidate(1)]))
    var other = two
    other.density = .full
    #expect(EditionContent.key(of: try one.encoded()) == EditionContent.key(of: try two.encoded()))
    #expect(EditionContent.key(of: try one.encoded()) != EditionContent.key(of: try other.encoded()))
  }
}
