import Foundation
import TestSupport
import Testing

@testable import CouncilDigest

/// Backups that are made by themselves.
@Suite struct ScheduledBackupsTests {
  @Test func `backups are made each day, once, and the oldest go`() async throws {
    let folder = try TemporaryFolder()
    let chain = try await Chain(
      "2026-10-24T01:00:00Z",
      ["backup.time": "03:30", "backup.folder": folder.file("b"), "backup.keep": "2"]
    )
    let backups = try #require(chain.services.scheduledBackups)
    func names() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.file("b")).sorted()
    }
    try FileManager.default.createDirectory(atPath: folder.file("b"), withIntermediateDirectories: true)
    try Data().write(to: URL(filePath: folder.file("b/mine.sqlite")))
    await backups.round()
    #expect(try names() == ["council-digest-20261024T010000Z.sqlite", "mine.sqlite"], "none was there: at once")
    await backups.round()
    #expect(try names().count == 2)
    try chain.clock.move(to: "2026-10-24T02:30:00Z")
    await backups.round()
    #expect(try names().first == "council-digest-20261024T010000Z.sqlite" && names().count == 3)
    // The clocks go back in the night: 03:30 is an hour later in UTC.
    try chain.clock.move(to: "2026-10-25T03:29:00Z")
    await backups.round()
    #expect(try names().count == 3)
    try chain.clock.move(to: "2026-10-25T03:30:00Z")
    await backups.round()
    #expect(
      try names() == [
        "council-digest-20261024T023000Z.sqlite", "council-digest-20261025T033000Z.sqlite", "mine.sqlite",
      ]
    )
  }
}
