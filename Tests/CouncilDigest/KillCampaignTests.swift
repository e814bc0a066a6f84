import Foundation
import GRDB
import Mail
import TestSupport
import Testing

@testable import CouncilDigest

/// The built program, killed again and again in the middle of a large run.
@Suite struct KillCampaignTests {
  private let workers = 4
  private let readers = 2_000
  private let kills = 20

  /// Readers of everything, written while no service runs.
  private func addReaders(to service: RunningService) throws {
    let store = try Store(
      path: service.folder.file("store.sqlite"),
      migrations: Machine.root.appending(path: "migrations").path
    )
    let now = Date()
    try store.writeBlocking { database in
      let targets = try SavePreferences.targets(["council:w"], database)
      for number in 0..<readers {
        let address = try EmailAddress(parsing: "r\(number)@resident.example")
        let subscriber = try Subscriber.findOrInsert(address, now: now, database)
        let consent = try Consent(scope: "test", source: "test").insert(of: subscriber.id, now: now, database)
        for target in targets { try target.follow(subscriber.id, consent: consent, database) }
        _ = try ConfirmSubscription.confirm(consent, now: now, database)
      }
    }
  }

  @Test func `everyone is served through twenty kills, and at most one letter of each connection repeats`() async throws
  {
    let sink = try await SMTPSink()
    let service = try await RunningService([
      "mail.transport": "smtp", "mail.smtp.host": "127.0.0.1", "mail.smtp.port": "\(sink.port)", "mail.smtp.tls": "off",
      "mail.smtp.connections": "\(workers)", "mail.bounce_address": "b@digest.example",
    ])
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting(committee: "Cabinet"))
    service.kill()
    _ = try await service.waitForExit()
    try addReaders(to: service)
    try await service.start()
    _ = try await service.api("POST", "/digest-runs")

    var random = SplitMix(seed: UInt64.random(in: 0...UInt64.max))
    for kill in 1...kills {
      // In the middle of the next share of the letters, wherever that is.
      let share = (readers - 100) / kills
      let moment = share * (kill - 1) + Int(random.next() % UInt64(share))
      _ = try await eventually(within: 60, "\(moment) letters are there") {
        try sink.count() >= moment ? true : nil
      }
      service.kill()
      _ = try await service.waitForExit()
      try await service.start()
      if kill == kills / 2 {
        // What repeats must still be the same bytes.
        _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting(committee: "Corrected Committee"))
      }
    }
    let run = try await eventually(within: 60, "the run is over") {
      let run = try await service.api("GET", "/digest-runs/1").object()
      return run["finished_at"] is String ? run : nil
    }
    #expect(run["sent"] as? Int == readers && run["recipients"] as? Int == readers)
    let letters = try sink.messages()
    let byRecipient = Dictionary(grouping: letters, by: \.recipient)
    #expect(byRecipient.count == readers)
    #expect(letters.count <= readers + workers * kills, "\(letters.count - readers) repeats")
    #expect(byRecipient.values.allSatisfy { $0.count <= 1 + kills })
    #expect(byRecipient.values.allSatisfy { Set($0.map(\.content)).count == 1 }, "a repeat has the same bytes")
  }
}
