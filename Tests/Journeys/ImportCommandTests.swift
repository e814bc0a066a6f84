import Foundation
import TestSupport
import Testing

/// `council-digest import`, with a service that runs and without.
@Suite struct ImportCommandTests {
  private static let good = [ImportTests.council(), ImportTests.meeting("a"), ImportTests.topic]

  private func file(_ lines: [String], in folder: TemporaryFolder, _ name: String = "lines.ndjson") throws -> String {
    try lines.joined(separator: "\n").write(toFile: folder.file(name), atomically: true, encoding: .utf8)
    return folder.file(name)
  }

  private func object(_ text: String) throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
  }

  private func figure(_ output: String, _ kind: String, _ name: String) throws -> Int? {
    (try object(output)[kind] as? [String: Int])?[name]
  }

  private func refusedLines(in output: String) throws -> [Int] {
    try #require(try object(output)["errors"] as? [[String: Any]]).compactMap { $0["line"] as? Int }
  }

  @Test func `it speaks to the service that runs, and can be repeated`() async throws {
    let service = try await RunningService()
    let path = try file(Self.good, in: service.folder)
    let first = try await service.command("import", path, "--json")
    #expect(first.status == 0 && first.errors.isEmpty, "\(first.errors)")
    #expect(try figure(first.output, "meetings", "created") == 1)
    let again = try await service.command("import", path, "--json")
    #expect(try figure(again.output, "meetings", "unchanged") == 1)
    #expect(try await service.client.get("/councils/w/meetings/a").status == 200)
  }

  @Test func `without a service it opens the store itself, from a file and from standard input`() async throws {
    let service = try await RunningService()
    service.kill()
    let path = try file(Self.good, in: service.folder)
    let alone = try await service.command("import", path)
    #expect(alone.status == 0, "\(alone.errors)")
    let piped = try await service.command(
      ["import", "--atomic", "-"],
      input: Array(ImportTests.meeting("b").utf8)
    )
    #expect(try piped.status == 0 && figure(piped.output, "meetings", "created") == 1)
    try await service.start()
    for slug in ["a", "b"] { #expect(try await service.client.get("/councils/w/meetings/\(slug)").status == 200) }
  }

  @Test(arguments: [true, false])
  func `refused lines end with 1 and are named`(_ isServed: Bool) async throws {
    let service = try await RunningService()
    if !isServed { service.kill() }
    // More than one part: the second counts on from the first.
    let filler = (0..<300).map { ImportTests.meeting("f\($0)", summary: String(repeating: "long ", count: 1_000)) }
    let lines = [ImportTests.council(), "oops"] + filler + [ImportTests.meeting("z", council: "nowhere")]
    let path = try file(lines, in: service.folder)
    let result = try await service.command("import", path)
    #expect(result.status == 1, "\(result.errors)")
    #expect(try refusedLines(in: result.output) == [2, 303])
    #expect(try figure(result.output, "meetings", "created") == 300)
    let atomic = try await service.command("import", "--atomic", path)
    #expect(atomic.status == 1)
    #expect(try refusedLines(in: atomic.output) == [2, 303])
  }

  @Test func `a giant line is that line's problem`() async throws {
    let service = try await RunningService()
    let path = try file(
      [ImportTests.council(), String(repeating: "x", count: 40_000_000), "", ImportTests.meeting("a"), "oops"],
      in: service.folder
    )
    let result = try await service.command("import", path)
    #expect(try result.status == 1 && refusedLines(in: result.output) == [2, 5])
    #expect(try await service.client.get("/councils/w/meetings/a").status == 200)
  }

  @Test func `a person reads a table, the problems and a bar`() async throws {
    let program = try #require(Machine.program("script"))
    let service = try await RunningService()
    let path = try file(Self.good + ["{\"topic\": {\"slug\": \"x\"}}"], in: service.folder)
    let result = try await service.atTerminal(program, "import", path)
    #expect(result.contains("CREATED  REPLACED  UNCHANGED") && result.contains("meetings        1"), "\(result)")
    #expect(result.contains("line 4: /topic/name: Required") && result.contains("100 %"), "\(result)")
    let refused = try await service.atTerminal(program, "import", "--atomic", path)
    #expect(refused.contains("Nothing was imported.") && refused.contains("line 4: /topic/query"), "\(refused)")
  }

  @Test func `a table of subscribers on standard input is told what to say, and nothing else is taken for one`()
    async throws
  {
    let service = try await RunningService()
    let table = "\u{FEFF}email;council;consent_at;consent_source\nann@resident.example;w;2026-01-05;form\n"
    let wrong = try await service.command(["import", "-"], input: Array(table.utf8))
    #expect(wrong.status == 1 && wrong.errors.contains("import --csv -") && !wrong.output.contains("Not valid JSON"))
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    let right = try await service.command(["import", "--csv", "-"], input: Array(table.utf8))
    #expect(right.status == 0 && right.output.contains("\"imported\" : 1"), "\(right)")
    let line = #"{"council": {"slug": "x", "name": "The email, and more"}}"#
    #expect(try await service.command(["import", "-"], input: Array(line.utf8)).status == 0)
    #expect(try await service.command(["import", "--atomic", "-"], input: Array(line.utf8)).status == 0)
    #expect(try await service.api("GET", "/councils/x").status == 200)
  }

  @Test func `bad usage is 64, a file that is not there is 1`() async throws {
    let service = try await RunningService()
    let table = try await service.command("import", "--atomic", "subscribers.csv")
    #expect(table.status == 64 && table.errors.contains("--dry-run"), "\(table.errors)")
    let lines = try await service.command("import", "--council", "w", "lines.ndjson")
    #expect(lines.status == 64 && lines.errors.contains(".csv"), "\(lines.errors)")
    #expect(try await service.command("import").status == 64)
    let missing = try await service.command("import", "/nonexistent.ndjson")
    #expect(missing.status == 1 && missing.errors.contains("/nonexistent.ndjson"), "\(missing.errors)")
    let folder = try await service.command("import", service.folder.path)
    #expect(folder.status == 1 && folder.errors.contains("is a folder"), "\(folder.errors)")
  }

  @Test func `the starter topics go in whole`() async throws {
    let service = try await RunningService()
    let path = Machine.root.appending(path: "config/starter-topics.ndjson").path
    let result = try await service.command("import", "--atomic", path)
    #expect(result.status == 0, "\(result.output) \(result.errors)")
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count
    #expect(try figure(result.output, "topics", "created") == lines)
  }
}
