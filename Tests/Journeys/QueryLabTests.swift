import Foundation
import TestSupport
import Testing

/// Trying words, searching, topics across councils, and asking for one.
@Suite struct QueryLabTests {
  private func service() async throws -> RunningService {
    let service = try await RunningService()
    for (slug, name) in [("w", "Wychford"), ("m", "Marlbeck")] {
      _ = try await service.api("PUT", "/councils/\(slug)", ["name": "\(name) Council", "short_name": name])
    }
    return service
  }

  private func put(
    _ service: RunningService,
    _ path: String,
    _ summary: String?,
    days: Double = -1,
    _ more: [String: Any] = [:]
  ) async throws {
    var meeting: [String: Any] = [
      "committee": "Cabinet", "starts_at": Date().addingTimeInterval(days * 86_400).formatted(.iso8601),
    ]
    meeting["summary"] = summary
    let answer = try await service.api("PUT", "/councils/" + path, meeting.merging(more) { $1 })
    #expect(answer.status == 201 || answer.status == 200)
  }

  @Test func `the lab shows what words would have found, where and when`() async throws {
    let service = try await service()
    try await put(service, "w/meetings/a", "Damp in <b>council</b> homes.", days: -30)
    try await put(service, "m/meetings/b", "Mould and damp again in the homes.", days: -3)
    try await put(service, "m/meetings/old", "Damp long ago.", days: -500)
    try await put(service, "m/meetings/next", nil, days: 5, ["committee": "Damp Panel"])
    let page = try await service.client.get("/query?q=damp")
    #expect(page.status == 200 && page.field("cache-control") == "public, max-age=60")
    #expect(page.text.contains("2 meetings in the last 12 months"))
    #expect(page.text.contains("<mark>damp</mark> again") && page.text.contains("<mark>Damp</mark> in council homes"))
    #expect(page.text.contains("Marlbeck Council</a></td><td class=\"number\">1</td>"))
    #expect(!page.text.contains("long ago") && !page.text.contains("Damp Panel"))
    #expect(page.text.contains("name=\"query\" value=\"damp\"") && page.text.contains("<svg"))
    let one = try await service.client.get("/query?q=damp&council=w")
    #expect(one.text.contains("1 meeting in the last 12 months"))
    #expect(one.text.contains("name=\"query\" value=\"damp council:w\""))
    #expect(try await service.client.get("/query").text.contains("Try your words"))
  }

  @Test func `the lab names curated topics about the same: by their names, or by the meetings they share`() async throws
  {
    let service = try await service()
    let topics = [
      ("homes", "Council homes and renting", "damp OR tenants"), ("boats", "Ferries and harbours", "ferry"),
      ("buses", "Buses and trains", "bus"),
    ]
    for (slug, name, query) in topics {
      _ = try await service.api("PUT", "/topics/\(slug)", ["name": name, "description": "d", "query": query])
    }
    try await put(service, "w/meetings/a", "Damp and mould on the ground floor.", days: -30)
    try await put(service, "m/meetings/b", "Mould again, and damp, by the ferry.", days: -3)
    func named(_ query: String) async throws -> [String] {
      let page = try await service.client.get("/query?q=\(query)").text
      return topics.map(\.0).filter { page.contains("<a href=\"/topics/\($0)\">") }
    }
    #expect(try await named("mould") == ["homes"])
    #expect(try await named("train") == ["buses"])
    for query in ["ground", "xylophone"] { #expect(try await named(query).isEmpty) }
  }

  @Test(arguments: [
    ("damp%20OR", "both sides", "<mark>OR</mark>"), ("%22damp", "quotation mark", "<mark>&quot;</mark>"),
    ("-damp", "only excludes", "<mark>-</mark>"), ("da*", "at least 3", "<mark>da*</mark>"),
    ("council:nowhere", "no council", ""), ("damp%0Ax", "one line", ""),
    (String(repeating: "a", count: 501), "Shorten", ""),
  ])
  func `what can't be read is explained where it stands`(_ query: String, _ advice: String, _ mark: String) async throws
  {
    let service = try await service()
    let page = try await service.client.get("/query?q=\(query)")
    #expect(page.status == 422 && page.text.contains(advice) && (mark.isEmpty || page.text.contains(mark)))
    #expect(
      try await service.client.get("/search?q=\(query)&council=").status
        == (mark.isEmpty && advice == "no council" ? 200 : 422)
    )
  }

  @Test func `who does not know the language is helped`() async throws {
    let service = try await service()
    try await put(service, "w/meetings/a", "We send trams to the ferry.")
    let or = try await service.client.get("/query?q=tram+or+metro")
    #expect(or.text.contains("write OR in capitals") && or.text.contains("/query?q=tram%20OR%20metro"))
    let capitals = try await service.client.get("/query?q=SEND")
    #expect(capitals.text.contains("finds only capitals") && capitals.text.contains("/query?q=send\""))
    let many = try await service.client.get("/query?q=tram+bicycle")
    #expect(many.text.contains("tram%20OR%20bicycle"))
  }

  @Test func `what is too broad is explained and can't be followed`() async throws {
    let service = try await service()
    for index in 0..<60 {
      try await put(service, "w/meetings/m\(index)", "The councillors spoke\(index % 2 == 0 ? " of trams" : "").")
    }
    let page = try await service.client.get("/query?q=councillors")
    #expect(page.text.contains("Too much for a letter") && page.text.contains("matches nearly every meeting"))
    #expect(!page.text.contains("name=\"query\" value"))
    let refused = try await service.client.send(
      json: ["email": "a@resident.example", "query": "councillors"],
      "POST",
      "/subscribe"
    )
    #expect(refused.status == 422 && refused.text.contains("/query") && refused.text.contains("nearly every"))
    let fine = try await service.client.send(
      json: ["email": "a@resident.example", "query": "trams council:w"],
      "POST",
      "/subscribe"
    )
    #expect(fine.status == 202)
    let nowhere = try await service.client.send(
      json: ["email": "a@resident.example", "query": "trams council:x"],
      "POST",
      "/subscribe"
    )
    #expect(nowhere.status == 422 && nowhere.text.contains("no council"))
  }

  @Test func `search finds words in every part, newest first, and filters`() async throws {
    let service = try await service()
    _ = try await service.api("PUT", "/topics/trams", ["name": "Trams", "query": "tram"])
    try await put(service, "w/meetings/a", "Trams in March.", days: -100)
    try await put(service, "m/meetings/b", "A tram & a bus.", days: -2, ["attendees": [["name": "Cllr Zoë Quince"]]])
    try await put(
      service,
      "m/meetings/c",
      nil,
      days: 9,
      ["documents": [["title": "Tram plan", "url": "https://x.example/"]]]
    )
    let all = try await service.client.get("/search?q=tram").text
    let order = ["/councils/m/meetings/c", "/councils/m/meetings/b", "/councils/w/meetings/a"].map {
      all.range(of: $0)?.lowerBound
    }
    #expect(order.allSatisfy { $0 != nil } && order.compactMap(\.self) == order.compactMap(\.self).sorted())
    #expect(all.contains("3 meetings") && all.contains("A <mark>tram</mark> &amp; a bus."))
    #expect(try await service.client.get("/search?q=zoe+quince").text.contains("/councils/m/meetings/b"))
    for (filter, count) in [
      ("q=tram&council=w", "1 meeting"), ("topic=trams&council=m", "2 meetings"),
      ("q=tram&from=2200-01-01", "0 meetings"), ("q=tram&committee=Cabi", "3 meetings"),
      ("committee=nowhere", "0 meetings"),
      ("q=tram&to=\(Date().addingTimeInterval(-50 * 86_400).formatted(.iso8601.year().month().day()))", "1 meeting"),
    ] {
      let page = try await service.client.get("/search?\(filter)")
      #expect(page.status == 200 && page.text.contains("<h2>\(count)</h2>"), "\(filter)")
    }
    for bad in ["council=zz", "topic=zz", "committee=%21", "from=2026-02-30", "from=2026-03-02&to=2026-03-01"] {
      #expect(try await service.client.get("/search?q=tram&\(bad)").status == 422, "\(bad)")
    }
    let feed = try await service.client.get("/search.atom?q=tram")
    #expect(feed.status == 200 && feed.field("content-type")?.hasPrefix("application/atom+xml") == true)
    #expect(feed.text.contains("A tram &amp;amp; a bus") && !feed.text.contains("Tram plan"))
    #expect(try await service.client.get("/search.atom").status == 422)
  }

  @Test func `a topic has its page, its feed and its calendar`() async throws {
    let service = try await service()
    try await put(service, "w/meetings/a", "Trams in March.", days: -20)
    _ = try await service.api("PUT", "/topics/trams", ["name": "Trams", "description": "Rails.", "query": "tram"])
    try await put(service, "m/meetings/b", "Buses.", days: -2, ["transcript": "Somebody whispered of a tram."])
    try await put(service, "m/meetings/c", nil, days: 9, ["committee": "Tram Board"])
    let page = try await service.client.get("/topics/trams")
    #expect(page.status == 200 && page.text.contains("<mark>Trams</mark> in March") && page.text.contains("Tram Board"))
    #expect(!page.text.contains("/councils/m/meetings/b"), "transcripts are for professional readers")
    #expect(page.text.contains("name=\"topic\" value=\"trams\""))
    #expect(try await service.client.get("/topics").text.contains("1 meeting in the last four weeks"))
    #expect(try await service.client.get("/councils/w").text.contains("href=\"/topics/trams\""))
    #expect(try await service.client.get("/councils/w/meetings/a").text.contains("href=\"/topics/trams\""))
    let feed = try await service.client.get("/topics/trams/feed.atom").text
    #expect(feed.contains("/councils/w/meetings/a") && !feed.contains("/councils/m/meetings/"))
    let calendar = try await service.client.get("/topics/trams/calendar.ics").text
    #expect(calendar.contains("Tram Board") && !calendar.contains("meetings/b"))
    for path in ["/topics/nope", "/topics/nope/feed.atom", "/topics/nope/calendar.ics"] {
      #expect(try await service.client.get(path).status == 404)
    }
    for path in ["/search?q=whispered", "/query?q=whispered", "/search.atom?q=whispered"] {
      #expect(!(try await service.client.get(path).text.contains("meetings/b")), "\(path)")
    }
  }
}
