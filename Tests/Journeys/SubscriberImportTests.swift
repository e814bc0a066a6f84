import Foundation
import TestSupport
import Testing

/// Bringing people over who agreed elsewhere.
@Suite struct SubscriberImportTests {
  private static let consent = "2026-01-05T10:00:00Z,paper form at the library"

  private func service(_ settings: [String: String] = [:]) async throws -> RunningService {
    let service = try await RunningService(settings)
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/x", ["name": "Exbury Council"])
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting(committee: "Cabinet"))
    _ = try await service.api("PUT", "/topics/roads", ["name": "Roads", "description": "d", "query": "roads"])
    return service
  }

  private func put(
    _ service: RunningService,
    _ table: String,
    _ query: String = "",
    type: String = "text/csv"
  ) async throws -> HTTPExchange {
    try await service.client.send(
      "POST",
      "/api/v1/subscribers/import" + query,
      headers: ["Authorization": "Bearer \(RunningService.key)", "Content-Type": type],
      body: Array(table.utf8),
      timeoutSeconds: 120
    )
  }

  private func refused(_ answer: HTTPExchange) throws -> [Int: String] {
    let rows = try #require(try answer.object()["refused"] as? [[String: Any]], "\(answer.text)")
    return Dictionary(uniqueKeysWithValues: rows.map { ($0["line"] as? Int ?? 0, $0["detail"] as? String ?? "") })
  }

  private func subscribers(_ service: RunningService) async throws -> [String: [String: Any]] {
    let items = try #require(try await service.api("GET", "/subscribers").object()["items"] as? [[String: Any]])
    return Dictionary(uniqueKeysWithValues: items.map { ($0["email"] as? String ?? "", $0) })
  }

  @Test func `a file of an old Macintosh loses nobody, and one without rows says so`() async throws {
    let service = try await service()
    let table =
      "email,council,consent_at,consent_source\rann@resident.example,w,\(Self.consent)\rbob,w,\(Self.consent)\r"
    let answer = try await put(service, table)
    #expect(try answer.object()["imported"] as? Int == 1 && refused(answer).keys.map(\.self) == [3], "\(answer.text)")
    #expect(try answer.object()["note"] == nil)
    let empty = try await put(service, "email,council,consent_at,consent_source\r\n")
    #expect(empty.status == 200)
    #expect(try empty.object()["note"] as? String == "There are no rows below the line that names the columns")
  }

  @Test func `rows with evidence of consent are active at once, and no letter is sent`() async throws {
    let service = try await service()
    let table = [
      "consent_source,topic,email,consent_at,council,query", "form,,ann@resident.example,2026-01-05T10:00:00Z,w,",
      "\"fair, \"\"stall\"\" 3\",roads,Bob@Resident.example,2026-02-01,w/cabinet;x,\"\"\"pot holes\"\"\"", "",
    ].joined(separator: "\r\n")
    let answer = try await put(service, "\u{FEFF}" + table)
    #expect(answer.status == 200, "\(answer.text)")
    #expect(try answer.object()["imported"] as? Int == 2 && refused(answer).isEmpty)
    let all = try await subscribers(service)
    let bob = try #require(all["Bob@resident.example"])
    #expect(bob["state"] as? String == "active" && bob["confirmed_at"] is String)
    #expect(bob["follows"] as? [String] == ["council:x", "council:w/cabinet", "topic:roads", "query:\"pot holes\""])
    let id = try #require(bob["id"] as? Int)
    let data = try await service.api("GET", "/subscribers/\(id)/export").object()
    let consent = try #require((data["consents"] as? [[String: Any]])?.first)
    #expect(consent["source"] as? String == "import" && consent["evidence"] as? String == "fair, \"stall\" 3")
    #expect(consent["requested_at"] as? String == "2026-02-01T00:00:00Z")
    // Again is the same.
    #expect(try await put(service, table).object()["imported"] as? Int == 2)
    let again = try await service.api("GET", "/subscribers/\(id)/export").object()
    #expect((again["consents"] as? [[String: Any]])?.count == 1)
    #expect(try service.letters().isEmpty)
    _ = try await service.runDigest()
    #expect(try await service.waitForLetter(to: "ann@resident.example", "digest").text.contains("Cabinet"))
  }

  @Test func `who was erased since they consented is not brought back by the same file`() async throws {
    let service = try await service()
    let table = "email,council,consent_at,consent_source\nann@resident.example,w,\(Self.consent)\n"
    #expect(try await put(service, table).object()["imported"] as? Int == 1)
    #expect(try await service.api("DELETE", "/subscribers/1").status == 204)
    for query in ["?dry_run=true", ""] {
      let again = try await put(service, table, query)
      #expect(try refused(again)[2]?.contains("deleted here since they consented") == true, "\(again.text)")
    }
    #expect(try await subscribers(service).isEmpty)
    // Whoever agrees anew is welcome.
    let anew = table.replacing("2026-01-05T10:00:00Z", with: Date.now.addingTimeInterval(60).formatted(.iso8601))
    #expect(try await put(service, anew).object()["imported"] as? Int == 1)
  }

  @Test func `who left and agreed anew elsewhere is remembered as coming back`() async throws {
    let service = try await service()
    let table = "email,council,consent_at,consent_source\nann@resident.example,w,\(Self.consent)\n"
    _ = try await put(service, table)
    _ = try await service.runDigest()
    let digest = try await service.waitForLetter(to: "ann@resident.example", "digest")
    _ = try await service.client.post(form: [], to: try RunningService.path(of: "/unsubscribe/", in: digest))
    let anew = table.replacing("2026-01-05T10:00:00Z", with: Date.now.addingTimeInterval(60).formatted(.iso8601))
    #expect(try await put(service, anew).object()["imported"] as? Int == 1)
    let files = try FileManager.default.contentsOfDirectory(atPath: service.folder.path)
    let name = try #require(files.first { $0.hasSuffix("-left") })
    let text = try String(contentsOf: service.folder.url.appending(path: name), encoding: .utf8)
    #expect(text.contains("\nleft ") && text.split(separator: "\n").last?.hasPrefix("returned ") == true)
  }

  @Test func `a bad row is refused with its line and why, and the others are kept`() async throws {
    let service = try await service()
    try await service.subscribe("left@resident.example", to: "w")
    _ = try await service.runDigest()
    let digest = try await service.waitForLetter(to: "left@resident.example", "digest")
    _ = try await service.client.post(form: [], to: try RunningService.path(of: "/unsubscribe/", in: digest))
    try await service.subscribe("spam@resident.example", to: "w")
    _ = try await service.api("POST", "/bounces", ["recipient": "spam@resident.example", "kind": "complaint"])
    let lines = [
      "email,council,topic,query,consent_at,consent_source", "ok@resident.example,w,,,\(Self.consent)",
      "a@resident.example,w,,,,", "b@resident.example,w,,,2026-01-05,", "c@resident.example,w,,,soon,form",
      "nobody,w,,,\(Self.consent)", "d@resident.example,nowhere,,,\(Self.consent)",
      "e@resident.example,,nothing,,\(Self.consent)", "f@resident.example,,,\"\"\"open\",\(Self.consent)",
      "g@resident.example,,,,\(Self.consent)", "left@resident.example,w,,,\(Self.consent)",
      "spam@resident.example,w,,,\(Self.consent)", "h@resident.example,w,,,2099-01-01,form",
      "i@resident.example,w,,-only,\(Self.consent)", "\"two\nlines\",w,,,\(Self.consent)",
      "j@resident.example,w,,,\(Self.consent)",
    ]
    let answer = try await put(service, lines.joined(separator: "\n"))
    let problems = try refused(answer)
    #expect(try answer.object()["imported"] as? Int == 2, "\(answer.text)")
    #expect(Set(problems.keys) == Set(3...15))
    let expected = [
      3: "consent_at and consent_source", 4: "consent_source is empty", 5: "no time", 6: "correct format",
      7: "no council “nowhere”", 8: "no topic", 9: "query:", 10: "names no council", 11: "unsubscribed here",
      12: "suppressed",
      13: "future", 14: "query:", 15: "no spaces",
    ]
    for (line, words) in expected {
      #expect(problems[line]?.contains(words) == true, "line \(line): \(problems[line] ?? "")")
    }
    let all = try await subscribers(service)
    #expect(
      Set(all.keys) == ["ok@resident.example", "left@resident.example", "spam@resident.example", "j@resident.example"]
    )
    #expect(all["left@resident.example"]?["state"] as? String == "unsubscribed")
  }

  @Test func `a dry run says the same and changes nothing`() async throws {
    let service = try await service()
    let table =
      "email,council,consent_at,consent_source,name\na@b.example,w,\(Self.consent),Ann\nb,w,\(Self.consent),Bob\n"
    let dry = try await put(service, table, "?dry_run=true")
    #expect(try dry.object()["imported"] as? Int == 1 && refused(dry).keys.sorted() == [3])
    #expect(try dry.object()["dry_run"] as? Bool == true && dry.object()["ignored_columns"] as? [String] == ["name"])
    #expect(try await subscribers(service).isEmpty)
    let done = try await put(service, table)
    #expect(try done.object()["imported"] as? Int == 1 && refused(done) == refused(dry))
  }

  @Test func `exports of Mailchimp and listmonk are taken as they are`() async throws {
    let service = try await service()
    let mailchimp = """
      Email Address,First Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,NOTES
      m1@resident.example,Ann,2,,,"2019-05-22 11:16:03",192.0.2.1,
      m2@resident.example,Bob,2,"2019-05-21 11:16:03",192.0.2.1,,,
      m3@resident.example,Cy,2,,,,,
      """
    let first = try await put(service, mailchimp, "?council=w&topic=roads")
    #expect(
      try first.object()["imported"] as? Int == 2 && refused(first)[4]?.contains("OPTIN_TIME") == true,
      "\(first.text)"
    )
    let listmonk = """
      uuid,email,name,attributes,status,created_at,updated_at
      u1,l1@resident.example,Ann,{},enabled,2021-02-03 04:05:06.789 +0000 UTC,x
      u2,l2@resident.example,Bob,"{""consent_at"": ""2020-01-01"", ""consent_source"": ""fair""}",enabled,2021-02-03T04:05:06Z,x
      u3,l3@resident.example,Cy,{},blocklisted,2021-02-03T04:05:06Z,x
      """
    let second = try await put(service, listmonk, "?council=x")
    #expect(
      try second.object()["imported"] as? Int == 2 && refused(second)[4]?.contains("blocklisted") == true,
      "\(second.text)"
    )
    let all = try await subscribers(service)
    #expect(all["m1@resident.example"]?["follows"] as? [String] == ["council:w", "topic:roads"])
    let id = try #require(all["l2@resident.example"]?["id"] as? Int)
    let consent = try #require(
      (try await service.api("GET", "/subscribers/\(id)/export").object()["consents"] as? [[String: Any]])?.first
    )
    #expect(consent["requested_at"] as? String == "2020-01-01T00:00:00Z" && consent["evidence"] as? String == "fair")
  }

  @Test func `what is no table of subscribers is refused as a whole`() async throws {
    let service = try await service()
    for (table, query) in [
      ("", ""), ("name,council\nAnn,w\n", ""), ("email,email\na,b\n", ""), ("email\n", "?council=nowhere"),
      ("email\n", "?dry_run=maybe"), ("email\n", "?topic=none"),
    ] {
      #expect(try await put(service, table, query).status == 422, "\(table) \(query)")
    }
    #expect(try await put(service, "email\n", type: "application/pdf").status == 415)
    let wide = try await service.client.send(
      "POST",
      "/api/v1/subscribers/import",
      headers: ["Authorization": "Bearer \(RunningService.key)", "Content-Type": "text/csv"],
      body: [0xFF, 0xFE, 0x65, 0x00]
    )
    #expect(wide.status == 400)
    let stranger = try await service.client.send("POST", "/api/v1/subscribers/import", body: Array("email\n".utf8))
    #expect(stranger.status == 401)
  }

  @Test func `a long file streams in little memory while people sign up`() async throws {
    let service = try await service()
    let before = try service.peakMemoryKilobytes()
    let filler = String(repeating: "x", count: 1_500)
    let rows = (0..<5_000).map { "r\($0)@resident.example,w,\(Self.consent),\(filler)" }
    let table = "email,council,consent_at,consent_source,note\n" + rows.joined(separator: "\n")
    async let answer = put(service, table)
    try await service.subscribe("ann@resident.example", to: "x")
    #expect(try await answer.object()["imported"] as? Int == 5_000)
    #expect(try service.peakMemoryKilobytes() - before < 40_000)
  }

  @Test func `the command line does the same`() async throws {
    let service = try await service()
    let path = service.folder.file("readers.csv")
    try "email,consent_at,consent_source\na@b.example,\(Self.consent)\nb,\(Self.consent)\n"
      .write(toFile: path, atomically: true, encoding: .utf8)
    let dry = try await service.command("import", "--dry-run", "--council", "w/cabinet", path)
    #expect(dry.status == 1 && dry.output.contains("\"line\" : 3"), "\(dry.output)\(dry.errors)")
    #expect(try await subscribers(service).isEmpty)
    service.kill()
    let done = try await service.command("import", "--council", "w/cabinet", "--topic", "roads", path)
    #expect(done.status == 1 && done.output.contains("\"imported\" : 1"), "\(done.output)\(done.errors)")
    try await service.start()
    #expect(
      try await subscribers(service)["a@b.example"]?["follows"] as? [String] == ["council:w/cabinet", "topic:roads"]
    )
    let program = try #require(Machine.program("script"))
    let shown = try await service.atTerminal(program, "import", "--council", "w", path)
    #expect(shown.contains("1 row imported.") && shown.contains("line 3: Enter an email"), "\(shown)")
    let wrong = try await service.command("import", "--council", "nowhere", path)
    #expect(wrong.status == 1 && wrong.errors.contains("no council"), "\(wrong.errors)")
  }
}
