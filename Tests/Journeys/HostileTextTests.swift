import Foundation
import Mail
import TestSupport
import Testing

/// Texts made to break out of where they stand, put wherever a text may be put, and looked for wherever one is shown.
@Suite struct HostileTextTests {
  /// What takes one line: a call, and the member that the text goes into.
  private static let lines: [(path: String, pointer: String, body: @Sendable (String) -> [String: Any])] = [
    ("/councils/y", "/name", { ["name": $0] }),
    ("/councils/y", "/short_name", { ["name": "Y", "short_name": $0] }),
    ("/councils/y", "/website", { ["name": "Y", "website": "https://y.example/" + $0] }),
    ("/councils/y", "/time_zone", { ["name": "Y", "time_zone": $0] }),
    ("/councils/x0/meetings/y", "/committee", { meeting(["committee": $0]) }),
    ("/councils/x0/meetings/y", "/location", { meeting(["location": $0]) }),
    ("/councils/x0/meetings/y", "/starts_at", { meeting(["starts_at": $0]) }),
    ("/councils/x0/meetings/y", "/video_url", { meeting(["video_url": "https://y.example/" + $0]) }),
    ("/councils/x0/meetings/y", "/attendees/0/name", { meeting(["attendees": [["name": $0]]]) }),
    ("/councils/x0/meetings/y", "/attendees/0/role", { meeting(["attendees": [["name": "A", "role": $0]]]) }),
    (
      "/councils/x0/meetings/y", "/documents/0/title",
      { meeting(["documents": [["title": $0, "url": "https://y.example"]]]) }
    ),
    ("/topics/y", "/name", { ["name": $0, "query": "bus"] }),
    ("/api-keys", "/name", { ["name": $0, "role": "reader"] }),
  ]

  private static func meeting(_ more: [String: Any]) -> [String: Any] {
    let start = Date.now.addingTimeInterval(-86_400).formatted(.iso8601)
    return ["committee": "Cabinet", "starts_at": start, "status": "held"].merging(more) { $1 }
  }

  @Test func `what may not be stored is refused with the name of its field`() async throws {
    let service = try await RunningService()
    _ = try await service.api("PUT", "/councils/x0", ["name": "X"])
    for text in HostileTexts.refused {
      for line in Self.lines {
        let method = line.path == "/api-keys" ? "POST" : "PUT"
        let answer = try await service.api(method, line.path, line.body(text))
        let errors = try answer.object()["errors"] as? [[String: Any]] ?? []
        #expect(answer.status == 422, "\(line.pointer) took \(text.prefix(20).debugDescription): \(answer.status)")
        #expect(errors.map { $0["pointer"] as? String } == [line.pointer], "\(text.prefix(20).debugDescription)")
      }
    }
    let auth = ["Authorization": "Bearer \(RunningService.key)", "Content-Type": "application/json"]
    for surrogate in ["\\ud800", "\\udc00", "\\ud800\\ud800", "a\\udfff\\ud800b", "\\ud83d"] {
      let body = Array("{\"name\": \"\(surrogate)\"}".utf8)
      let answer = try await service.client.send("PUT", "/api/v1/councils/y", headers: auth, body: body)
      #expect(answer.status == 400 || answer.status == 422, "\(surrogate): \(answer.status) \(answer.text)")
    }
    #expect(try await service.api("GET", "/councils/y").status == 404)
    #expect(try await service.api("GET", "/topics/y").status == 404)
    #expect(!service.log.contains("http.failure"))
  }

  @Test func `what people type and is refused stands in the form again, inert`() async throws {
    let service = try await RunningService()
    _ = try await service.api("PUT", "/councils/x0", ["name": "X"])
    var pages: [String: String] = [:]
    var feeds: [String: [UInt8]] = [:]
    for (number, text) in (HostileTexts.kept + HostileTexts.refused).enumerated() {
      let forms: [(path: String, form: [(String, String)])] = [
        ("/subscribe", [("email", text), ("council", "x0"), ("density", text)]),
        ("/subscribe", [("email", "ann@resident.example"), ("council", text), ("topic", text), ("query", text)]),
        ("/preferences", [("email", text)]), ("/sign-in", [("email", text), ("next", text)]),
        ("/feedback", [("message", text), ("email", text), ("kind", text), ("meeting", text)]),
        ("/topics/request", [("email", text), ("request", text), ("query", text), ("council", text)]),
      ]
      for (path, form) in forms {
        let answer = try await service.client.post(form: form, to: path)
        // A form of more than 64 KB is not read, and one with a NUL is no text.
        let expected = text.utf8.count > 60_000 ? 413 : text.contains("\u{0}") ? 400 : 422
        #expect(answer.status == expected, "\(path) \(number): \(answer.status)")
        pages["POST \(path) \(number) \(form.count)"] = answer.text
      }
      let query = HTTPClient.encoded(String(text.prefix(2_000)))
      for path in [
        "/search?q=", "/search?council=", "/search?committee=", "/search?q=a&topic=", "/search?q=a&from=",
        "/search?q=a&to=", "/search?page=", "/query?q=", "/query?council=", "/query?q=a&fewer=", "/councils?filter=",
        "/feedback?meeting=", "/feedback?kind=", "/sign-in?next=", "/topics/request?query=",
        "/topics/request/check-your-email?q=",
        "/subscribe?email=", "/subscribe?council=", "/subscribe?query=", "/preferences?email=", "/search.atom?q=",
        "/councils/", "/topics/", "/confirm/", "/unsubscribe/", "/digests/", "/",
      ] {
        let answer = try await service.client.get(path + query)
        #expect(answer.status < 500, "\(path) \(number): \(answer.status)")
        if answer.field("content-type")?.hasPrefix("text/html") == true { pages["\(path) \(number)"] = answer.text }
        if path == "/search.atom?q=", answer.status == 200 { feeds["\(path) \(number)"] = answer.body }
      }
    }
    _ = try await FeedReader.atoms(feeds)
    let inPages = try await InertReader.findings(inPages: pages)
    #expect(inPages == [])
    #expect(!service.log.contains("http.failure"))
  }

  @Test func `what is stored is text on every page, and in every letter, feed, calendar and table`() async throws {
    let service = try await RunningService(["operator.notify": "op@council.example", "site.name": HostileTexts.kept[0]])
    try await store(service)
    let readers = ["=ann@resident.example", "-bob@resident.example"]
    for reader in readers { try await follow(service, reader) }
    _ = try await service.runDigest()
    let letter = try await service.waitForLetter(to: readers[0], "digest")
    var paths = [
      "/", "/councils", "/topics", "/search?q=hostile", "/search", "/query?q=hostile", "/subscribe", "/feedback",
      "/topics/request", "/sitemap.xml", "/sitemaps/1", "/search.atom?q=hostile", "/about", "/privacy",
      "/accessibility",
      try RunningService.path(of: "/preferences/", in: letter), try RunningService.path(of: "/digests/", in: letter),
      try RunningService.path(of: "/unsubscribe/", in: letter),
    ]
    for number in HostileTexts.kept.indices {
      let committee = try await service.api("GET", "/councils/x\(number)/meetings/m").object()["committee_slug"] ?? ""
      for place in ["/councils/x\(number)", "/councils/x\(number)/committees/\(committee)", "/topics/x\(number)"] {
        paths += [place, place + "/feed.atom", place + "/calendar.ics"]
      }
      let meeting = "/councils/x\(number)/meetings/m"
      paths += [meeting, meeting + "/calendar.ics", meeting + "/transcript", "/feedback?meeting=x\(number)/m"]
    }
    var pages: [String: String] = [:]
    var feeds: [String: [UInt8]] = [:]
    var calendars: [String: [UInt8]] = [:]
    for path in paths {
      let answer = try await service.client.get(path)
      #expect(answer.status == (path.hasSuffix("/transcript") ? 403 : 200), "\(path): \(answer.status)")
      if path.contains(".atom") {
        feeds[path] = answer.body
      } else if path.contains(".ics") {
        calendars[path] = answer.body
      } else if path.hasPrefix("/sitemap") {
        _ = try await PageReader.siteMap(answer.text)
      } else {
        pages[path] = answer.text
      }
    }
    try checkShown(pages)
    _ = try await FeedReader.atoms(feeds)
    for (path, calendar) in try await FeedReader.calendars(calendars) {
      let events = path.hasPrefix("/topics") ? HostileTexts.kept.count : 1
      #expect((calendar["events"] as? [Any])?.count == events, "\(path)")
    }
    pages.merge(try await consolePages(service)) { $1 }
    var letters: [String: String] = [:]
    for file in try service.letterFiles() {
      let bytes = [UInt8](try Data(contentsOf: file))
      letters[file.lastPathComponent] = String(decoding: bytes.map { UInt16($0) }, as: UTF16.self)
      pages[file.lastPathComponent] = ReceivedLetter(parsing: bytes).html
    }
    #expect(letters.count > 2 * HostileTexts.kept.count)
    let inPages = try await InertReader.findings(inPages: pages)
    #expect(inPages == [])
    let inLetters = try await InertReader.findings(inLetters: letters)
    #expect(inLetters == [])
    try await checkTables(service, readers)
    #expect(!service.log.contains("http.failure"))
  }

  /// What an operator sees of it, and of what they are given back when it is refused.
  private func consolePages(_ service: RunningService) async throws -> [String: String] {
    let (console, all) = (try await Console(service), HostileTexts.kept.joined(separator: "\n"))
    _ = try await service.client.post(form: [("message", all)], to: "/feedback")
    _ = try await service.client.post(form: [("email", "w@x.example"), ("request", all)], to: "/topics/request")
    let letter = try await service.waitForLetter(to: "w@x.example", "topic-request")
    _ = try await service.client.post(form: [], to: try RunningService.path(of: "/confirm/", in: letter))
    var pages: [String: String] = [:]
    for path in ["", "/requests", "/feedback", "/audit", "/hold", "/figures", "/runs/1/letters/1/html"] {
      let answer = try await console.get(path)
      #expect(answer.status == 200, "\(path): \(answer.status)")
      pages["console \(path)"] = answer.text
    }
    for path in ["/requests", "/feedback"] {
      let names = (UInt8(ascii: "b")...UInt8(ascii: "r")).map { "X" + String(UnicodeScalar($0)) }
      #expect(names.filter { pages["console \(path)"]?.contains($0) != true } == [])
    }
    pages["console next"] = try await console.post("/next").text
    for (number, text) in HostileTexts.kept.enumerated() {
      let answers: [(String, [(String, String)])] = [
        ("/requests/\(HostileTexts.kept.count + 1)", [("decision", text), ("query", text), ("reply", text)]),
        ("/feedback/\(HostileTexts.kept.count + 1)", [("reply", text), ("state", text)]),
        ("/hold", [("release", text), ("until", text), ("reason", text)]),
      ]
      for (path, form) in answers { pages["console \(path) \(number)"] = try await console.post(path, form).text }
    }
    return pages
  }

  /// Every text in every field of a council, a meeting and a topic of its own, and in what people send.
  private func store(_ service: RunningService) async throws {
    for (number, text) in HostileTexts.kept.enumerated() {
      let short = String(String.UnicodeScalarView(text.unicodeScalars.prefix(24)))
      let person: [String: Any] = ["name": text, "role": text, "attendance": String(text.prefix(16))]
      let calls: [(String, String, [String: Any])] = [
        ("PUT", "/councils/x\(number)", ["name": text, "short_name": short]),
        ("PUT", "/topics/x\(number)", ["name": text, "description": text, "query": "hostile"]),
        (
          "PUT", "/councils/x\(number)/meetings/m",
          Self.meeting([
            "committee": text, "location": text, "attendees": [person], "transcript": text,
            "summary": "Hostile \(text)\n\n## \(text)\n\n- **\(text):** \(text)[^1]\n\n[^1]: \(text)",
            "documents": [["title": text, "url": "https://y.example/a?b=\"'<xss>&c"]],
          ])
        ),
        ("POST", "/api-keys", ["name": short, "role": "reader"]),
      ]
      for (method, path, body) in calls {
        var answer = try await service.api(method, path, body)
        if answer.status == 422, path.hasSuffix("/m") {
          var plain = body
          plain["documents"] = [["title": text, "url": "https://y.example/a?b=1&c"]]
          answer = try await service.api(method, path, plain)
        }
        #expect(answer.status == 201, "\(path): \(answer.text)")
      }
      let said = [
        ("message", text), ("email", "x\(number)@resident.example"), ("meeting", "x\(number)/m"), ("kind", "mistake"),
      ]
      #expect(try await service.client.post(form: said, to: "/feedback").status == 303)
      let wish = [("email", "x\(number)@resident.example"), ("request", text), ("council", "x\(number)")]
      #expect(try await service.client.post(form: wish, to: "/topics/request").status == 303)
      let letter = try await service.waitForLetter(to: "x\(number)@resident.example", "topic-request")
      let path = try RunningService.path(of: "/confirm/", in: letter)
      #expect(try await service.client.post(form: [], to: path).status == 200)
    }
    for (kind, body) in [
      ("topic-requests", ["state": "accepted", "query": "hostile -xss"]), ("feedback", ["state": "handled"]),
    ] {
      let items = try #require(try await service.api("GET", "/\(kind)?limit=200").object()["items"] as? [[String: Any]])
      #expect(items.count == HostileTexts.kept.count)
      for (item, text) in zip(items, HostileTexts.kept) {
        let answer = try await service.api(
          "PATCH",
          "/\(kind)/\(item["id"] ?? "")",
          body.merging(["reply": text]) { $1 }
        )
        #expect(answer.status == 200, "\(answer.text)")
      }
    }
  }

  /// Everything there is, and every text as an own query; those that are none are refused by a page.
  private func follow(_ service: RunningService, _ address: String) async throws {
    var form = [("email", address), ("density", "full"), ("query", "-school hostile")]
    form += HostileTexts.kept.indices.prefix(9).flatMap { [("council", "x\($0)"), ("topic", "x\($0)")] }
    let answer = try await service.client.post(form: form, to: "/subscribe")
    #expect(answer.status == 303, "\(answer.text)")
    let letter = try await service.waitForLetter(to: address, "confirmation")
    let path = try RunningService.path(of: "/confirm/", in: letter)
    #expect(try await service.client.post(form: [], to: path).status == 200)
  }

  /// Nothing was taken away, or taken for a template.
  private func checkShown(_ pages: [String: String]) throws {
    for (number, text) in HostileTexts.kept.enumerated() {
      let shown = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        .replacing("\"", with: "&quot;")
      for path in ["/councils/x\(number)", "/councils/x\(number)/meetings/m", "/topics/x\(number)"] {
        let page = (pages[path] ?? "").replacing("&#39;", with: "'")
        #expect(page.contains(shown), "\(path) shows \(text)")
      }
    }
  }

  /// The files of an export, and that an import makes of them what was there.
  private func checkTables(_ service: RunningService, _ readers: [String]) async throws {
    let folder = service.folder.file("export")
    #expect(try await service.command("export", folder).status == 0)
    var tables: [String: String] = [:]
    for name in ["subscribers.csv", "consents.csv"] {
      tables[name] = try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
    }
    #expect(tables["subscribers.csv"]?.contains("'=ann@resident.example") == true)
    let inTables = try await InertReader.findings(inTables: tables)
    #expect(inTables == [])
    let other = try await RunningService()
    #expect(try await other.command("import", folder + "/content.ndjson").status == 0)
    let headers = ["Authorization": "Bearer \(RunningService.key)", "Content-Type": "text/csv"]
    let body = Array((tables["subscribers.csv"] ?? "").utf8)
    let answer = try await other.client.send("POST", "/api/v1/subscribers/import", headers: headers, body: body)
    #expect(try answer.object()["refused"] as? [[String: String]] == [], "\(answer.text)")
    for reader in readers {
      let query = "/subscribers?email=\(HTTPClient.encoded(reader))"
      var follows: [[String]] = []
      for place in [service, other] {
        let items = try await place.api("GET", query).object()["items"] as? [[String: Any]]
        follows.append((items?.first?["follows"] as? [String] ?? []).sorted())
      }
      #expect(follows[0] == follows[1] && follows[0].count > 9)
    }
  }
}
