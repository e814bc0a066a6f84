import Foundation
import GRDB
import Mail
import Synchronization
import TestSupport
import Testing

@testable import CouncilDigest

/// The sender's own threads against a relay that fails as relays do, with the clock moved. Whatever happens, each
/// recipient is accounted for.
@Suite struct DeliveryCampaignTests {
  /// A run that waits for its letters to leave.
  private final class Campaign: Sendable {
    let chain: Chain
    private let sending = Mutex<Task<Void, any Error>?>(nil)

    init(_ relay: ScriptedRelay, readers: Int, _ settings: [String: String] = [:]) async throws {
      let smtp = [
        "mail.transport": "smtp", "mail.smtp.host": "127.0.0.1", "mail.smtp.port": "\(relay.port)",
        "mail.smtp.tls": "off", "mail.bounce_address": "bounce@digest.example", "mail.smtp.connections": "4",
      ]
      chain = try await Chain("2026-11-23T12:00:00Z", smtp.merging(settings) { $1 })
      for number in 0..<readers { try await chain.subscribe("r\(number)@example.org") }
      try await chain.publish("a")
      try chain.clock.move(to: "2026-11-28T08:00:00Z")
      await chain.services.scheduler.work()
    }

    deinit { stop() }

    func start() {
      sending.withLock { $0 = Task { [sender = chain.services.sender] in try await sender.run() } }
      chain.services.sender.wake()
    }

    func stop() { chain.services.sender.stop() }

    var run: DigestRun {
      get async throws { try #require(try await chain.runs().first) }
    }

    var counts: DigestRun.Counts {
      get async throws {
        let run = try await run
        return try await chain.services.store.read { try run.counts($0) }
      }
    }

    /// Lets a second pass, where the breaker waits for the time of its next probe.
    func moveToNextProbe() {
      guard let trouble = chain.services.sender.breaker.trouble, chain.clock.now < trouble.nextProbe else { return }
      chain.clock.move(by: 1)
      chain.services.sender.wake()
    }

    /// Lets time pass until the run is over: what was put off comes due, a breaker lets its probe through.
    func finish() async throws -> DigestRun.Counts {
      _ = try await eventually(within: 60, "the run is over") {
        if try await run.state == .sent { return true }
        chain.clock.move(by: 20)
        chain.services.sender.wake()
        return nil
      }
      return try await counts
    }

    func states() async throws -> [String: String] {
      try await chain.services.store.read { database in
        let rows = try Row.fetchAll(database, sql: "SELECT recipient, state FROM outgoing_mail WHERE kind = 'digest'")
        return Dictionary(uniqueKeysWithValues: rows.map { ($0["recipient"] as String, $0["state"] as String) })
      }
    }
  }

  /// Faults that depend on nothing but the seed, who the letter is for and how often the relay was asked.
  private final class Faults: Sendable {
    private let seed: UInt64
    private let visits = Mutex<[String: Int]>([:])

    init(seed: UInt64) { self.seed = seed }

    func act(_ moment: ScriptedRelay.Moment) -> ScriptedRelay.Act {
      let place = "\(moment.stage) \(moment.recipient ?? "")"
      let visit = visits.withLock { visits in
        visits[place, default: 0] += 1
        return visits[place, default: 0]
      }
      var random = SplitMix(seed: seed &+ place.utf8.reduce(5381) { $0 &* 33 &+ UInt64($1) } &+ UInt64(visit) &* 7919)
      // Half of what a relay says is right, and nobody is refused for ever.
      guard visit <= 3, random.next() % 4 == 0 else { return .accept }
      let hangingUp: [ScriptedRelay.Act] = [
        .drop(), .drop(after: "45"), .drop(after: "250-more\r\n"), .replyAndClose("421 4.3.2 down"),
        .replyAndClose("nonsense"),
      ]
      // Rarely for ever: many of those would pause the run.
      let refusals: [ScriptedRelay.Act] = [
        .reply("451 4.3.0 later"), random.next() % 8 == 0 ? .reply("550 5.2.1 no") : .reply("452 4.2.2 full"),
      ]
      // While a letter is on its way a relay says nothing.
      let faults = moment.stage == .startOfContent ? hangingUp : hangingUp + refusals
      return faults[Int(random.next() % UInt64(faults.count))]
    }
  }

  @Test(arguments: Machine.seeds(3, deep: 10))
  func `through every fault at every stage, each recipient is accounted for`(
    _ seed: UInt64
  ) async throws {
    let faults = Faults(seed: seed)
    let relay = try ScriptedRelay(faults.act)
    let readers = 60
    let campaign = try await Campaign(relay, readers: readers)
    campaign.start()
    let counts = try await campaign.finish()
    campaign.stop()
    #expect(counts.sent + counts.failed + counts.uncertain + counts.cancelled == readers && counts.queued == 0)
    let arrivals = Dictionary(grouping: relay.arrivals, by: \.recipient)
    for (recipient, state) in try await campaign.states() {
      let copies = arrivals[recipient] ?? []
      let accepted = copies.count(where: \.wasAccepted)
      #expect(accepted == (state == "sent" ? 1 : 0), "\(recipient) is \(state)")
      #expect(Set(copies.map(\.content)).count <= 1, "a repeat has the same bytes")
      #expect(Set(copies.map(\.sender)).count <= 1)
    }
  }

  @Test func `a relay that is away for ten minutes costs no letter an attempt`() async throws {
    let relay = try ScriptedRelay { moment in
      moment.stage == .recipient && moment.recipient != "r0@example.org" ? .hold : .accept
    }
    let campaign = try await Campaign(relay, readers: 20)
    campaign.start()
    _ = try await eventually("one is through") { try await campaign.counts.sent == 1 ? true : nil }
    relay.stop()
    let began = campaign.chain.clock.now
    _ = try await eventually("ten minutes pass") {
      campaign.chain.clock.move(by: 10)
      campaign.chain.services.sender.wake()
      return campaign.chain.clock.now.timeIntervalSince(began) > 600 ? true : nil
    }
    _ = try await eventually("it is known") { campaign.chain.services.sender.breaker.trouble }
    let attempts = try await campaign.chain.services.store.read {
      try Int.fetchOne($0, sql: "SELECT sum(attempts) FROM outgoing_mail WHERE kind = 'digest'")
    }
    #expect(attempts == 0)
    #expect(try await campaign.counts.queued == 19)
    relay.release()
    try relay.start()
    #expect(try await campaign.finish().sent == 20)
    #expect(relay.arrivals.count == 20, "nobody got two")
    campaign.stop()
  }

  @Test(arguments: [-86_400.0, -3_600, 7_200])
  func `a clock that jumps in the middle holds nothing up`(_ jump: TimeInterval) async throws {
    let relay = try ScriptedRelay { moment in
      moment.stage == .recipient && moment.recipient != "r0@example.org" ? .hold : .accept
    }
    let campaign = try await Campaign(relay, readers: 20)
    campaign.start()
    _ = try await eventually("one is through") { relay.arrivals.isEmpty ? nil : true }
    campaign.chain.clock.move(by: jump)
    relay.release()
    _ = try await eventually("the rest follows, at once") { try await campaign.run.state == .sent ? true : nil }
    #expect(try await campaign.counts.sent == 20)
    #expect(relay.arrivals.count == 20)
    campaign.stop()
  }

  @Test func `who leaves while letters are on their way gets nothing more`() async throws {
    let relay = try ScriptedRelay { $0.stage == .recipient ? .hold : .accept }
    let campaign = try await Campaign(relay, readers: 12, ["mail.smtp.connections": "1"])
    campaign.start()
    _ = try await eventually("the first is on its way") { relay.connectionCount == 1 ? true : nil }
    let now = campaign.chain.clock.now
    let leaver = try EmailAddress(parsing: "r10@example.org")
    try await campaign.chain.services.store.write { database in
      let subscriber = try Subscriber.findOrInsert(leaver, now: now, database)
      try Unsubscribe.leave(subscriber.id, now: now, database)
    }
    relay.release()
    let counts = try await campaign.finish()
    #expect(counts.sent == 11 && counts.cancelled == 1)
    #expect(!relay.arrivals.contains { $0.recipient == "r10@example.org" })
    campaign.stop()
  }

  @Test func `a letter without a readable reply is sent once more, the same bytes, and then uncertain`() async throws {
    let relay = try ScriptedRelay { $0.stage == .endOfContent ? .drop(after: "25") : .accept }
    let campaign = try await Campaign(relay, readers: 2)
    campaign.start()
    let counts = try await campaign.finish()
    campaign.stop()
    #expect(counts.uncertain == 2 && counts.recipients == 2)
    let copies = Dictionary(grouping: relay.arrivals, by: \.recipient)
    #expect(copies.count == 2 && copies.values.allSatisfy { $0.count == 2 && Set($0.map(\.content)).count == 1 })
  }

  @Test func `letters that the relay does not bear make no other wait for long`() async throws {
    let strange = Set((0..<20).map { "r\($0)@example.org" })
    let relay = try ScriptedRelay { moment in
      moment.stage == .recipient && moment.recipient.map(strange.contains) ?? false ? .drop() : .accept
    }
    let campaign = try await Campaign(relay, readers: 50, ["mail.smtp.connections": "1"])
    let began = campaign.chain.clock.now
    campaign.start()
    _ = try await eventually(within: 60, "the others have theirs") {
      campaign.moveToNextProbe()
      return relay.arrivals.count == 30 ? true : nil
    }
    #expect(campaign.chain.clock.now.timeIntervalSince(began) < 180)
    _ = try await eventually("it is written down") {
      let counts = try await campaign.counts
      return counts.sent == 30 && counts.queued == 20 ? true : nil
    }
    let attempts = try await campaign.chain.services.store.read {
      try Int.fetchOne($0, sql: "SELECT max(attempts) FROM outgoing_mail")
    }
    #expect(attempts == 0, "it is trouble of the relay, whoever it is about")
    // They go on being tried.
    let before = relay.connectionCount
    _ = try await eventually(within: 60, "it is tried again") {
      campaign.chain.clock.move(by: 60)
      campaign.chain.services.sender.wake()
      return relay.connectionCount > before + 3 ? true : nil
    }
    campaign.stop()
  }

  @Test func `a confirmation that the relay does not bear makes no other wait for long`() async throws {
    let relay = try ScriptedRelay { moment in
      moment.stage == .recipient && moment.recipient == "strange@example.org" ? .drop() : .accept
    }
    let campaign = try await Campaign(relay, readers: 3, ["mail.smtp.connections": "1"])
    let services = campaign.chain.services
    let began = campaign.chain.clock.now
    try await services.store.write { database in
      try OutgoingMail.queue(
        .confirmation,
        to: .init(parsing: "strange@example.org"),
        body: LetterBody(subject: "s", text: "t", html: "h"),
        referenceID: 1,
        key: services.store.keys.current,
        now: began,
        database
      )
    }
    campaign.start()
    _ = try await eventually(within: 60, "the others have theirs") {
      campaign.moveToNextProbe()
      return relay.arrivals.count == 3 ? true : nil
    }
    campaign.stop()
    #expect(campaign.chain.clock.now.timeIntervalSince(began) < 120)
  }

  @Test func `a letter that a new run is about to replace does not leave meanwhile`() async throws {
    let campaign = try await Campaign(try ScriptedRelay(), readers: 3)
    let queue = campaign.chain.services.queue
    let readers = Set<Int64>(1...3)
    #expect(queue.decide(about: readers).isEmpty)
    #expect(try queue.take() == nil)
    queue.decided(about: [1])
    let job = try #require(try queue.take())
    #expect(job.mail.subscriberID == 1)
    #expect(try queue.take() == nil)
    #expect(queue.decide(about: [1, 2]) == [1], "who is being served is left alone")
    queue.decided(about: readers)
    #expect(try queue.take() != nil)
  }

  @Test func `who has waited longest is served first`() async throws {
    let chain = try await Chain("2026-11-17T12:00:00Z", ["digest.per_day": "2"])
    for number in 0..<4 { try await chain.subscribe("r\(number)@example.org") }
    var served: [[String]] = []
    for week in 0..<2 {
      try await chain.publish("m\(week)")
      try chain.clock.move(to: "2026-11-21T08:00:00Z")
      chain.clock.move(by: Double(week) * 7 * 86_400)
      served.append(try await chain.work().keys.sorted())
    }
    #expect(served[0].count == 2 && served[1].count == 2)
    #expect(Set(served[0] + served[1]).count == 4, "nobody is left out for good: \(served)")
  }
}
