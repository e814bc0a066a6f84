import Foundation
import GRDB
import Mail
import TestSupport
import Testing

@testable import CouncilDigest

/// Random readers, texts, corrections, pauses, failures and clocks; every digest is compared with an oracle of a few
/// lines that knows nothing of how the service does it.
@Suite struct DigestModelTests {
  /// The oracle.
  private struct Model {
    struct Text {
      var council: String
      var committee: String
      var isAboutRoads: Bool
      var isArchive: Bool
      var startsAt: Date
      var announcedAt: Date
    }

    struct Reader {
      var follows: [String]
      /// Exclusive.
      var windowStart: Date
      var pausedUntil = Date.distantPast
      var isActive = true
      var sent: Set<String> = []
    }

    var texts: [String: Text] = [:]
    var corrections: [(meeting: String, text: String, at: Date)] = []
    var readers: [String: Reader] = [:]

    func meetings(for reader: Reader, upTo end: Date) -> Set<String> {
      Set(
        texts.filter { slug, text in
          !text.isArchive && text.announcedAt > reader.windowStart && text.announcedAt <= end
            && reader.follows.contains { follow in
              switch follow {
              case "topic:roads", "query:roads": text.isAboutRoads
              case "council:\(text.council)", "council:\(text.council)/\(text.committee)": true
              default: false
              }
            }
        }.keys
      )
    }

    func corrections(for reader: Reader, upTo end: Date) -> Set<String> {
      Set(
        corrections.filter { $0.at > reader.windowStart && $0.at <= end && reader.sent.contains($0.meeting) }.map(
          \.text
        )
      )
    }

    func expects(_ reader: Reader, at end: Date) -> Bool {
      reader.isActive && reader.pausedUntil <= end && reader.windowStart < end
    }
  }

  private struct Letter: Equatable {
    var meetings: Set<String>
    var corrections: Set<String>

    init(meetings: Set<String>, corrections: Set<String>) {
      self.meetings = meetings
      self.corrections = corrections
    }

    init(_ text: String) {
      let links = text.matches(of: /(?m)^Read it with its sources:\nhttp.*\/meetings\/(m\d+)$/).map { String($0.1) }
      meetings = Set(links)
      if links.count != meetings.count { meetings.insert("an item stands twice") }
      corrections = Set(text.matches(of: /Fix \d+/).map { String($0.0) })
    }
  }

  private static let follows = [
    "council:w", "council:x", "council:w/planning", "council:x/cabinet", "topic:roads", "query:roads",
  ]

  @Test(arguments: Machine.seeds(4, deep: 8))
  func `every digest is what the rule says, whatever happens`(_ seed: UInt64) async throws {
    var random = SplitMix(seed: seed)
    // A week before clocks go back, in some; before the year's end, in others; before they go forward.
    let starts = ["2026-10-19T10:00:00Z", "2026-12-17T10:00:00Z", "2027-03-16T10:00:00Z"]
    let chain = try await Chain(starts[Int(seed) % 3], ["digest.catch_up_days": "\(seed % 5)"])
    try await chain.addCouncil("x", "Exbury")
    let now = chain.clock.now
    try await chain.services.store.write {
      _ = try PutTopic.put(
        try Slug(segment: "roads"),
        .init(name: "Roads", description: "d", query: try TopicQuery(parsing: "roads")),
        now: now,
        $0
      )
    }
    var model = Model()
    var knownRuns = 0
    for step in 0..<200 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0, 1: try await subscribe("r\(Int.random(in: 0..<12, using: &random))@example.org", chain, &model, &random)
      case 2, 3, 4: try await publish("m\(step)", chain, &model, &random)
      case 5: try await correct(step, chain, &model, &random)
      case 6: try await pauseOrLeave(chain, &model, &random)
      case 7: try await startByHand(chain)
      default: chain.clock.move(by: Double(Int.random(in: 1..<4 * 86_400, using: &random)))
      }
      try await deliver(chain, &model, &knownRuns, &random)
    }
    #expect(knownRuns > 5 && model.readers.values.contains { !$0.sent.isEmpty })
  }

  private func subscribe(_ address: String, _ chain: Chain, _ model: inout Model, _ random: inout SplitMix) async throws
  {
    let follows = Array(Self.follows.shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random)))
    let existing = model.readers[address]
    guard existing?.isActive != true else { return }
    if follows.contains(where: { $0.contains("/") }) {
      // A committee exists once it has met.
      for (council, committee) in [("w", "planning"), ("x", "cabinet")] {
        try await publish("m\(council == "w" ? 900 : 901)", chain, &model, &random, council, committee)
      }
    }
    try await chain.subscribe(address, to: follows)
    let weekAgo = chain.clock.now.addingTimeInterval(-7 * 86_400)
    var reader = existing ?? Model.Reader(follows: follows, windowStart: weekAgo)
    reader.follows = follows
    reader.isActive = true
    reader.windowStart = max(reader.windowStart, weekAgo)
    model.readers[address] = reader
  }

  private func publish(
    _ slug: String,
    _ chain: Chain,
    _ model: inout Model,
    _ random: inout SplitMix,
    _ council: String? = nil,
    _ committee: String? = nil
  ) async throws {
    guard model.texts[slug] == nil else { return }
    let council = council ?? ["w", "x"].randomElement(using: &random) ?? "w"
    let committee = committee ?? ["planning", "cabinet", "full"].randomElement(using: &random) ?? "full"
    let isAboutRoads = Bool.random(using: &random)
    let isArchive = Int.random(in: 0..<6, using: &random) == 0
    let summary = "What \(slug) said\(isAboutRoads ? " about roads" : "")."
    let daysAgo = isArchive ? 60.0 : 1
    if Bool.random(using: &random) {
      // Papers first, the summary later.
      try await chain.publish(slug, council: council, committee: committee, daysAgo: daysAgo, summary: nil)
    }
    try await chain.publish(slug, council: council, committee: committee, daysAgo: daysAgo, summary: summary)
    model.texts[slug] = .init(
      council: council,
      committee: committee,
      isAboutRoads: isAboutRoads,
      isArchive: isArchive,
      startsAt: chain.clock.now.addingTimeInterval(-daysAgo * 86_400),
      announcedAt: try await Self.notBefore(chain)
    )
  }

  private func correct(_ step: Int, _ chain: Chain, _ model: inout Model, _ random: inout SplitMix) async throws {
    guard let (slug, text) = model.texts.sorted(by: { $0.key < $1.key }).randomElement(using: &random) else { return }
    try await chain.publish(
      slug,
      council: text.council,
      committee: text.committee,
      daysAgo: chain.clock.now.timeIntervalSince(text.startsAt) / 86_400,
      summary: "What \(slug) said\(text.isAboutRoads ? " about roads" : "") in step \(step).",
      correction: "Fix \(step)"
    )
    model.corrections.append((slug, "Fix \(step)", try await Self.notBefore(chain)))
  }

  /// Now, or the moment after what the last run has closed over.
  private static func notBefore(_ chain: Chain) async throws -> Date {
    let end = try await chain.services.store.read { try DigestRun.newestEnd($0) } ?? .distantPast
    return max(chain.clock.now, end.addingTimeInterval(0.001))
  }

  private func pauseOrLeave(_ chain: Chain, _ model: inout Model, _ random: inout SplitMix) async throws {
    let active = model.readers.filter(\.value.isActive).keys.sorted()
    guard let address = active.randomElement(using: &random) else { return }
    let choice = Int.random(in: 0..<4, using: &random)
    let now = chain.clock.now
    let until = now.addingTimeInterval(Double(Int.random(in: 1...20, using: &random)) * 86_400)
    try await chain.services.store.write { database in
      let id = try Subscriber.find(reference: address, database)?.id ?? 0
      switch choice {
      case 0: try Unsubscribe.leave(id, now: now, database)
      case 1: try PauseDigests.set(nil, for: id, database)
      default: try PauseDigests.set(until, for: id, database)
      }
    }
    switch choice {
    case 0: model.readers[address]?.isActive = false
    case 1: model.readers[address]?.pausedUntil = .distantPast
    default: model.readers[address]?.pausedUntil = until
    }
  }

  private func startByHand(_ chain: Chain) async throws {
    let now = chain.clock.now
    let week = ISOWeek(containing: now, in: chain.services.configuration.site.timeZone)
    try await chain.services.store.write {
      _ = try StartDigestRun.start(week: week, end: now, now: now, $0)
    }
  }

  /// Sends what is due, with failures, and compares.
  private func deliver(_ chain: Chain, _ model: inout Model, _ knownRuns: inout Int, _ random: inout SplitMix)
    async throws
  {
    var outcomes: [String: SendOutcome] = [:]
    for address in model.readers.keys.sorted() where Int.random(in: 0..<6, using: &random) == 0 {
      outcomes[address] = .refused(Reply(code: 550, text: "no"), isPermanent: true)
    }
    var letters: [String: Letter] = [:]
    _ = try await chain.work {
      outcomes[$0.recipient] ?? .sent
    } reading: {
      letters[$0] = Letter($1)
    }
    let runs = try await chain.runs()
    guard runs.count > knownRuns, let run = runs.last else {
      #expect(letters.isEmpty)
      return
    }
    #expect(runs.count == knownRuns + 1)
    knownRuns = runs.count
    let expected = model.readers.filter { outcomes[$0.key] == nil && model.expects($0.value, at: run.to) }
      .mapValues { reader in
        Letter(
          meetings: model.meetings(for: reader, upTo: run.to),
          corrections: model.corrections(for: reader, upTo: run.to)
        )
      }
    #expect(letters == expected, "run \(run.week) to \(run.to)")
    for (address, letter) in letters {
      let before = model.readers[address]?.sent ?? []
      #expect(before.isDisjoint(with: letter.meetings), "\(address) was sent something twice")
      model.readers[address]?.sent.formUnion(letter.meetings)
      model.readers[address]?.windowStart = run.to
    }
  }
}
