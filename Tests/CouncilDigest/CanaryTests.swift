import Foundation
import GRDB
import Mail
import TestSupport
import Testing

@testable import CouncilDigest

@Suite struct CanaryTests {
  private let refused = SendOutcome.refused(Reply(code: 550, text: "spam"), isPermanent: true)

  private func chain(letters: Int = 3, readers: Int = 10) async throws -> Chain {
    let chain = try await Chain(
      "2026-11-23T12:00:00Z",
      ["digest.canary_letters": "\(letters)", "digest.canary_minutes": "20", "operator.notify": "op@example.org"]
    )
    for number in 0..<readers { try await chain.subscribe("r\(number)@example.org") }
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    return chain
  }

  @Test func `the first letters go alone, and the others follow when those were accepted`() async throws {
    let chain = try await chain()
    #expect(try await chain.work().count == 3)
    #expect(try await chain.runs()[0].canary.until == chain.clock.now.addingTimeInterval(1_200))
    chain.clock.move(by: 1_199)
    #expect(try await chain.work().isEmpty)
    chain.clock.move(by: 1)
    #expect(try await chain.work().count == 7)
    #expect(try await chain.runs()[0].state == .sent)
  }

  @Test func `a run whose first letters are refused pauses, says why and tells the operator`() async throws {
    let chain = try await chain()
    #expect(try await chain.work { _ in refused }.isEmpty)
    chain.clock.move(by: 1_200)
    var notice = ""
    #expect(try await chain.work().isEmpty)
    _ = try await chain.work(reading: { if $0 == "op@example.org" { notice = $1 } })
    let run = try #require(try await chain.runs().first)
    #expect(run.state == .paused && run.pausedBecause == "3 of the first 3 letters were not accepted")
    #expect(notice.contains("3 of the first 3 letters") && notice.contains("council-digest digest resume 1"))
    try await chain.control(.resume, run: 1)
    #expect(try await chain.work().count == 7)
    #expect(try await chain.runs()[0].pausedBecause == nil)
  }

  @Test func `an operator may let the others go before the time`() async throws {
    let chain = try await chain()
    #expect(try await chain.work().count == 3)
    try await chain.control(.resume, run: 1)
    #expect(try await chain.work().count == 7)
  }

  @Test func `a run that is not larger than its canary has none`() async throws {
    let chain = try await chain(letters: 10)
    #expect(try await chain.work().count == 10)
  }

  @Test func `a relay that is away makes the others wait longer, not go`() async throws {
    let chain = try await chain(letters: 1)
    await chain.services.scheduler.work()
    let first = try #require(try chain.services.queue.take())
    #expect(chain.services.queue.report(.relayTrouble("away"), of: first.mail).wait())
    chain.clock.move(by: 1_200)
    #expect(try await chain.work().count == 1, "the first is tried again, alone")
    #expect(try await chain.runs()[0].canary.until == chain.clock.now.addingTimeInterval(1_200))
  }

  @Test func `first letters that are put off go again, alone, and then the others`() async throws {
    let chain = try await chain()
    let later = SendOutcome.refused(Reply(code: 450, text: "greylisted"), isPermanent: false)
    #expect(try await chain.work { _ in later }.isEmpty)
    chain.clock.move(by: 1_200)
    #expect(try await chain.work().count == 3)
    chain.clock.move(by: 1_200)
    #expect(try await chain.work().count == 7)
    #expect(try await chain.runs()[0].state == .sent)
  }

  @Test func `pausing and going on before the first letter keeps the canary`() async throws {
    let chain = try await chain()
    await chain.services.scheduler.work()
    try await chain.control(.pause, run: 1)
    try await chain.control(.resume, run: 1)
    #expect(try await chain.work().count == 3)
  }

  @Test(arguments: [
    (0, 0, Canary.Verdict.tryAgain), (10, 0, .goOn), (9, 1, .goOn),
    (8, 2, .pause(because: "2 of the first 10 letters were not accepted")),
    (0, 1, .pause(because: "1 of the first 1 letters were not accepted")),
  ])
  func `more than one in ten refused pauses`(_ sent: Int, _ failed: Int, _ verdict: Canary.Verdict) {
    #expect(Canary.verdict(on: .init(sent: sent, failed: failed)) == verdict)
  }
}
