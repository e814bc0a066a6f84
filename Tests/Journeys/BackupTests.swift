import Foundation
import TestSupport
import Testing

/// Backup and restore as an operator does them.
@Suite struct BackupTests {
  @Test func `a backup made while the service runs is restored into its place, and mail is held`() async throws {
    let service = try await RunningService()
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting())
    for name in ["ann", "bob"] { try await service.subscribe("\(name)@resident.example", to: "w") }
    let page = try await service.client.get("/councils/w/meetings/a")
    let file = service.folder.file("copy.sqlite")
    let made = try await service.command("backup", file)
    #expect(made.status == 0 && made.output.contains("\"verified\" : true"), "\(made)")
    #expect(try await service.command("backup", file).status == 1, "it is not written over by mistake")
    #expect(try await service.command("backup", file, "--replace").status == 0)
    let missing = URL(filePath: file).deletingLastPathComponent().appending(path: "usb/b.sqlite").path
    #expect(try await service.command("backup", missing).errors.contains("There is no folder"))
    let other = URL(filePath: file).deletingLastPathComponent().appending(path: "notes.txt").path
    try "mine".write(toFile: other, atomically: true, encoding: .utf8)
    #expect(try await service.command("backup", other, "--replace").errors.contains("is not a backup"))
    #expect(try String(contentsOfFile: other, encoding: .utf8) == "mine")
    let attributes = try FileManager.default.attributesOfItem(atPath: file)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(try await service.command("backup", service.folder.file("store.sqlite"), "--replace").status == 1)
    let foreign = try await service.api("POST", "/backups", ["file": service.folder.file("x.sqlite")])
    #expect(foreign.status == 422 && foreign.text.contains("\"/file\""))
    let named = try await service.api("POST", "/backups")
    #expect(named.status == 201)
    let list = try await service.api("GET", "/backups").object()["items"] as? [[String: Any]]
    let path = try named.object()["path"] as? String
    #expect(list?.count == 1 && list?.first?["path"] as? String == path)

    // Ann has a digest, whose link outlives the loss; then she leaves.
    _ = try await service.runDigest()
    let letter = try await service.waitForLetter(to: "ann@resident.example", "digest")
    let link = try RunningService.path(of: "/unsubscribe/", in: letter)
    #expect(try await service.client.post(form: [], to: link).status == 200)
    #expect(try await service.command("restore", file).status == 1, "the service runs")
    service.signal(SIGTERM)
    #expect(try await service.waitForExit() == 0)
    let refused = try await service.command("restore", file)
    #expect(refused.status == 1 && refused.errors.contains("move it away"), "\(refused)")
    let store = service.folder.file("store.sqlite")
    try FileManager.default.moveItem(atPath: store, toPath: store + ".lost")
    let restored = try await service.command("restore", file)
    #expect(restored.status == 0 && restored.output.contains("\"left\" : 1"), "\(restored)")

    try await service.start()
    #expect(try await service.client.get("/councils/w/meetings/a").body == page.body)
    let hold = try await service.api("GET", "/hold").object()
    #expect(hold["held"] as? Bool == true)
    #expect((hold["would_catch_up"] as? [String: Any])?["recipients"] as? Int == 1, "bob alone")
    #expect(try await service.client.post(form: [], to: link).text.contains("You are unsubscribed"))
    // What was mailed since is known to the operator, who says so: nobody gets it twice.
    _ = try await service.api(
      "POST",
      "/hold",
      ["release": "treat_as_sent_until", "until": Date().addingTimeInterval(-1).formatted(.iso8601)]
    )
    _ = try await service.api("POST", "/digest-runs")
    _ = try await service.runDigest()
    #expect(try service.letters(to: "ann@resident.example", "digest").count == 1)
    let again = try service.letters(to: "bob@resident.example", "digest").dropFirst()
    #expect(again.allSatisfy { !$0.text.contains("clearer chart") })
  }

  @Test(.enabled(if: Machine.isRoot, "only root mounts"))
  func `a disk that is full makes no backup, leaves none half made, and the service goes on`() async throws {
    let disk = try await SmallDisk(megabytes: 1)
    let service = try await RunningService(["backup.folder": disk.file("backups")])
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    try disk.fill()
    let refused = try await service.api("POST", "/backups")
    #expect(refused.status == 503 && refused.text.contains("There is no backup"), "\(refused.text)")
    #expect(try await service.api("GET", "/backups").object()["items"] as? [String] == [])
    #expect(try await service.api("PUT", "/councils/x", Samples.council).status == 201)
    try disk.empty()
    #expect(try await service.api("POST", "/backups").status == 201)
  }
}
