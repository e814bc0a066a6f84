import Foundation
import Mail
import TestSupport
import Testing

/// What the machine and the relay do to a run: a full disk, a relay that never answers.
@Suite struct DeliveryFaultTests {
  private func service(_ port: Int, _ settings: [String: String]) async throws -> RunningService {
    let smtp = [
      "mail.transport": "smtp", "mail.smtp.host": "127.0.0.1", "mail.smtp.port": "\(port)", "mail.smtp.tls": "off",
      "mail.smtp.connections": "1",
    ]
    let service = try await RunningService(smtp.merging(settings) { $1 })
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting())
    return service
  }

  private func confirm(_ service: RunningService, _ letters: [ReceivedLetter]) async throws {
    for letter in letters {
      let path = try RunningService.path(of: "/confirm/", in: letter)
      #expect(try await service.client.post(form: [], to: path).status == 200)
    }
  }

  @Test(.enabled(if: Machine.isRoot, "only root mounts"))
  func `a full disk loses no letter and repeats none, and mail goes on by itself when there is room`() async throws {
    let disk = try await SmallDisk(megabytes: 16)
    // With every migration: a log that once was longer would have room for all that follows.
    try MigratedStore.put(at: disk.file("store.sqlite"))
    let isHolding = Gate()
    let relay = try ScriptedRelay { $0.stage == .endOfContent && isHolding.isClosed ? .hold : .accept }
    let service = try await service(relay.port, ["store.path": disk.file("store.sqlite")])
    let readers = 5
    for number in 0..<readers {
      let form = [("email", "r\(number)@resident.example"), ("council", "w")]
      #expect(try await service.client.post(form: form, to: "/subscribe").status == 303)
    }
    let confirmations = try await eventually("all confirmations") {
      let arrivals = relay.arrivals
      return arrivals.count == readers ? arrivals : nil
    }
    try await confirm(service, confirmations.map { ReceivedLetter(parsing: $0.content) })
    isHolding.close()
    _ = try await service.api("POST", "/digest-runs")
    _ = try await eventually("a letter is on its way") { relay.heldCount == 1 ? true : nil }
    try disk.fill()
    relay.release()
    _ = try await eventually("it is noticed") { try await service.client.get("/readyz").status == 503 ? true : nil }
    let refused = try await service.client.post(
      form: [("email", "new@resident.example"), ("council", "w")],
      to: "/subscribe"
    )
    #expect(refused.status == 503)
    #expect(try await service.client.get("/councils/w").status == 200, "reading goes on")
    #expect(try await service.client.get("/healthz").status == 200)
    try disk.empty()
    let run = try await eventually("the run is over") {
      let run = try await service.api("GET", "/digest-runs/1").object()
      return run["finished_at"] is String ? run : nil
    }
    #expect(run["sent"] as? Int == readers)
    let digests = relay.arrivals.dropFirst(readers)
    #expect(digests.count == readers && Set(digests.map(\.recipient)).count == readers)
    let metrics = try await service.client.get("/metrics").text
    for stage in ["connect", "dialogue", "data", "reply"] {
      #expect(metrics.contains("council_digest_smtp_stage_duration_seconds_count{stage=\"\(stage)\"}"), "\(stage)")
    }
    _ = try await eventually("readiness recovers") {
      try await service.client.get("/readyz").status == 200 ? true : nil
    }
    service.signal(SIGTERM)
    #expect(try await service.waitForExit() == 0)
  }

  @Test
  func `a relay that never answers for a letter holds up no shutdown, and the letter repeats with the same bytes`()
    async throws
  {
    let isTarpit = Gate()
    let relay = try ScriptedRelay { moment in
      moment.stage == .endOfContent && isTarpit.isClosed ? .hold : .accept
    }
    let service = try await service(relay.port, [:])
    #expect(
      try await service.client.post(form: [("email", "ann@resident.example"), ("council", "w")], to: "/subscribe")
        .status
        == 303
    )
    let confirmation = try await eventually("a confirmation") { relay.arrivals.first }
    try await confirm(service, [ReceivedLetter(parsing: confirmation.content)])
    isTarpit.close()
    _ = try await service.api("POST", "/digest-runs")
    // It is complete, and the reply does not come.
    _ = try await eventually("the letter is there") { relay.heldCount == 1 ? true : nil }
    service.signal(SIGTERM)
    #expect(try await service.waitForExit() == 0)
    isTarpit.open()
    relay.release()
    try await service.start()
    let run = try await eventually("the run is over") {
      let run = try await service.api("GET", "/digest-runs/1").object()
      return run["finished_at"] is String ? run : nil
    }
    #expect(run["sent"] as? Int == 1)
    let copies = relay.arrivals.dropFirst().map(\.content)
    #expect(copies.count == 2 && Set(copies).count == 1)
  }
}
