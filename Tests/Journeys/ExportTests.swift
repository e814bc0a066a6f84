import Foundation
import TestSupport
import Testing

/// Everything out into files, and in again elsewhere.
@Suite struct ExportTests {
  private static let settings = ["site.public_url": "https://digest.example.org"]
  private static let pages = [
    "/", "/councils", "/councils/w", "/councils/x", "/councils/w/meetings/a", "/councils/w/meetings/b", "/topics",
    "/topics/t", "/councils/w/committees/children-and-families-overview-and-scrutiny-panel", "/search?q=chart",
    "/councils/x/meetings/c",
  ]

  private func filled() async throws -> RunningService {
    let service = try await RunningService(Self.settings)
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/old", ["name": "Old"])
    _ = try await service.api("PUT", "/councils/x", ["name": "Exbury “X”", "short_name": "X", "replaces": ["old"]])
    _ = try await service.api("PUT", "/topics/t", ["name": "Charts", "description": "d", "query": "chart"])
    // In another order than that of their slugs, and all at one time.
    for (path, more) in [("w/meetings/b", "transcript"), ("w/meetings/a", ""), ("x/meetings/c", "")] {
      var meeting = Samples.meeting()
      if !more.isEmpty { meeting["transcript"] = "Line one\nLine “two”" }
      #expect(try await service.api("PUT", "/councils/\(path)", meeting).status == 201)
    }
    try await service.subscribe("ann@resident.example", to: "w", "x")
    return service
  }

  @Test func `an export gives the same pages in an empty store, byte for byte`() async throws {
    let service = try await filled()
    let folder = service.folder.file("export")
    let exported = try await service.command("export", folder)
    #expect(exported.status == 0 && exported.errors.isEmpty, "\(exported)")
    let other = try await RunningService(Self.settings)
    let imported = try await other.command("import", folder + "/content.ndjson")
    #expect(imported.status == 0, "\(imported)")
    for page in Self.pages {
      let (here, there) = (try await service.client.get(page), try await other.client.get(page))
      #expect(here.status == 200 && here.body == there.body, "\(page)")
    }
    #expect(try await other.client.get("/councils/old").field("location") == "/councils/x")
    let transcript = try await other.api("GET", "/councils/w/meetings/b").object()["transcript"] as? String
    #expect(transcript == "Line one\nLine “two”")
    // And out again: the same lines.
    _ = try await other.command("export", other.folder.file("export"))
    let lines = try [folder, other.folder.file("export")].map {
      try String(contentsOfFile: $0 + "/content.ndjson", encoding: .utf8)
    }
    #expect(lines[0] == lines[1] && lines[0].split(separator: "\n").count == 6)
  }

  @Test func `subscribers come out with their consent, also while no service runs`() async throws {
    let service = try await filled()
    let form = [("email", "bob@resident.example"), ("query", "\"clearer chart\", or so")]
    #expect(try await service.client.post(form: form, to: "/subscribe").status == 303)
    service.signal(SIGTERM)
    #expect(try await service.waitForExit() == 0)
    let folder = service.folder.file("export")
    let exported = try await service.command("export", folder)
    #expect(exported.status == 0, "\(exported)")
    let subscribers = try String(contentsOfFile: folder + "/subscribers.csv", encoding: .utf8).split(separator: "\n")
    #expect(subscribers.count == 3 && subscribers[0] == "email,council,topic,query,consent_at,consent_source")
    #expect(
      subscribers.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false)[1] }.sorted() == [
        "w", "x",
      ]
    )
    #expect(subscribers[1].hasPrefix("ann@resident.example,") && subscribers[1].contains("\"web form, form "))
    let consents = try String(contentsOfFile: folder + "/consents.csv", encoding: .utf8)
    #expect(consents.contains("bob@resident.example,pending,\"query:\"\"clearer chart\"\" or so\","), "\(consents)")
    let other = try await RunningService(Self.settings)
    #expect(try await other.command("import", folder + "/content.ndjson").status == 0)
    let imported = try await other.command("import", folder + "/subscribers.csv")
    #expect(imported.status == 0 && imported.output.contains("2"), "\(imported)")
    let readers = try await other.api("GET", "/subscribers?state=active").object()["items"] as? [[String: Any]] ?? []
    #expect(Set(readers.flatMap { $0["follows"] as? [String] ?? [] }) == ["council:w", "council:x"])
    let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/subscribers.csv")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 3)
  }

  @Test func `a folder that can't be written is said so`() async throws {
    let service = try await RunningService()
    let file = service.folder.file("file")
    try Data().write(to: URL(filePath: file))
    let refused = try await service.command("export", file + "/folder")
    #expect(refused.status == 1 && !refused.errors.isEmpty)
  }

  @Test func `a consent that was given elsewhere keeps its day on every move`() async throws {
    let service = try await filled()
    let row = "email,council,consent_at,consent_source\nold@resident.example,w,2026-01-05,a fair\n"
    let file = service.folder.file("readers.csv")
    try row.write(toFile: file, atomically: true, encoding: .utf8)
    #expect(try await service.command("import", file).status == 0)
    let folder = service.folder.file("export")
    #expect(try await service.command("export", folder).status == 0)
    let moved = try String(contentsOfFile: folder + "/subscribers.csv", encoding: .utf8)
    #expect(moved.contains("old@resident.example,w,,,2026-01-05T") && moved.contains(",a fair\n"), "\(moved)")
  }
}
