import Foundation
import Mail
import TestSupport
import Testing

/// Professional readers: the mailed link, the session, and transcripts that reach nobody else.
@Suite struct SignInTests {
  private static let address = "pro@paper.example"
  private static let transcript = "/councils/w/meetings/a/transcript"

  private func service(_ settings: [String: String] = [:]) async throws -> RunningService {
    let service = try await RunningService(settings)
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/topics/xylo", ["name": "Xylophones", "description": "d", "query": "xylophone"])
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting())
    try await service.subscribe(Self.address, to: "w")
    return service
  }

  private func grant(_ service: RunningService, days: Double? = 30) async throws {
    let until: Any = days.map { Date.now.addingTimeInterval($0 * 86_400).formatted(.iso8601) } ?? NSNull()
    let answer = try await service.api("PATCH", "/subscribers/1", ["professional_until": until])
    #expect(answer.status == 200, "\(answer.text)")
  }

  private func link(_ service: RunningService, next: String = "") async throws -> String {
    let before = try service.letters(to: Self.address, "sign-in").count
    let form = [("email", Self.address), ("next", next)]
    let answer = try await service.client.post(form: form, to: "/sign-in")
    #expect(answer.status == 303 && answer.field("location") == "/sign-in/check-your-email")
    let letter = try await eventually("a link to sign in") {
      let letters = try service.letters(to: Self.address, "sign-in")
      return letters.count > before ? letters.last : nil
    }
    return try RunningService.path(of: "/sign-in/", in: letter)
  }

  private func signIn(_ service: RunningService, next: String = "") async throws -> (cookie: String, HTTPExchange) {
    let answer = try await service.client.post(form: [], to: try await link(service, next: next))
    let field = try #require(answer.field("set-cookie"), "\(answer.text)")
    return (String(field.prefix { $0 != ";" }), answer)
  }

  @Test func `a professional reader signs in by letter and reads the transcript they came from`() async throws {
    let service = try await service()
    try await grant(service)
    let stranger = try await service.client.get(Self.transcript)
    #expect(stranger.status == 403 && !stranger.text.contains("xylophone"))
    #expect(stranger.field("cache-control") == "private, no-store")
    #expect(stranger.text.contains("/sign-in?next=%2Fcouncils%2Fw%2Fmeetings%2Fa%2Ftranscript"))
    let (cookie, answer) = try await signIn(service, next: Self.transcript)
    #expect(answer.status == 303 && answer.field("location") == Self.transcript)
    let field = try #require(answer.field("set-cookie"))
    #expect(field.hasPrefix("session=") && field.contains("HttpOnly") && field.contains("SameSite=Lax"))
    #expect(field.contains("Path=/") && !field.contains("Secure") && !field.contains("Domain"))
    let page = try await service.client.get(Self.transcript, headers: ["Cookie": "a=b; \(cookie)"])
    #expect(page.status == 200 && page.text.contains("xylophone") && page.text.contains("id=\"p200\""))
    #expect(page.field("cache-control") == "private, no-store" && page.field("vary")?.contains("Cookie") == true)
    #expect(page.field("etag") == nil)
    // What was shown to them is shown to nobody else.
    #expect(try await service.client.get(Self.transcript).status == 403)
    let forged = try await service.client.get(Self.transcript, headers: ["Cookie": cookie + "x"])
    #expect(forged.status == 403)
    #expect(try await service.client.get("/sign-in", headers: ["Cookie": cookie]).text.contains("You are signed in"))
    let foreign = try await service.client.post(
      form: [],
      to: "/sign-out",
      headers: ["Cookie": cookie, "Sec-Fetch-Site": "cross-site"]
    )
    #expect(foreign.status == 403)
    let out = try await service.client.post(form: [], to: "/sign-out", headers: ["Cookie": cookie])
    #expect(out.status == 303 && out.field("set-cookie")?.contains("Max-Age=0") == true)
    #expect(try await service.client.get(Self.transcript, headers: ["Cookie": cookie]).status == 403)
  }

  @Test func `a link signs in once, and looking at it does nothing`() async throws {
    let service = try await service()
    try await grant(service)
    let path = try await link(service)
    for _ in 0..<3 {
      let page = try await service.client.get(path)
      #expect(page.status == 200 && page.text.contains("<button") && page.field("set-cookie") == nil)
      #expect(page.field("cache-control") == "no-store" && page.field("referrer-policy") == "no-referrer")
    }
    _ = try await service.client.send("HEAD", path)
    let first = try await service.client.post(form: [], to: path)
    #expect(first.status == 303 && first.field("location") == "/sign-in" && first.field("set-cookie") != nil)
    let second = try await service.client.post(form: [], to: path)
    #expect(second.status == 200 && second.text.contains("was used") && second.field("set-cookie") == nil)
    #expect(try await service.client.get(path + "x").status == 404)
  }

  @Test func `two presses at once sign in once`() async throws {
    let service = try await service()
    try await grant(service)
    let path = try await link(service)
    let cookies = try await withThrowingTaskGroup(of: String?.self) { group in
      for _ in 0..<8 { group.addTask { try await service.client.post(form: [], to: path).field("set-cookie") } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(cookies.compactMap(\.self).count == 1)
  }

  @Test func `access is asked at each request, and its end says what to do`() async throws {
    let service = try await service()
    try await grant(service)
    let (cookie, _) = try await signIn(service)
    let headers = ["Cookie": cookie]
    #expect(try await service.client.get(Self.transcript, headers: headers).status == 200)
    try await grant(service, days: -1)
    let expired = try await service.client.get(Self.transcript, headers: headers)
    #expect(expired.status == 403 && expired.text.contains("ended on") && !expired.text.contains("xylophone"))
    try await grant(service, days: nil)
    let revoked = try await service.client.get(Self.transcript, headers: headers)
    #expect(revoked.status == 403 && revoked.text.contains("has ended") && revoked.text.contains("mailto:"))
    try await grant(service)
    let late = try await link(service)
    try await grant(service, days: nil)
    let refused = try await service.client.post(form: [], to: late)
    #expect(refused.status == 403 && refused.field("set-cookie") == nil)
    #expect(try await service.client.get("/sign-in", headers: headers).text.contains("has ended"))
    // A session goes with its reader, and survives a restart until then.
    try await grant(service)
    service.kill()
    try await service.start()
    #expect(try await service.client.get(Self.transcript, headers: headers).status == 200)
    #expect(try await service.api("DELETE", "/subscribers/1").status == 204)
    #expect(try await service.client.get(Self.transcript, headers: headers).status == 403)
  }

  @Test func `the form tells nothing about an address, and mails only who may read`() async throws {
    let service = try await service()
    var answers: [HTTPExchange] = []
    for address in [Self.address, "nobody@paper.example"] {
      answers.append(try await service.client.post(form: [("email", address)], to: "/sign-in"))
    }
    try await grant(service)
    _ = try await link(service)
    #expect(answers[0].status == 303 && answers[0].body == answers[1].body)
    #expect(answers[0].field("location") == answers[1].field("location"))
    #expect(try service.letters().filter { $0.first("message-id")?.hasPrefix("<sign-in.") == true }.count == 1)
    let wrong = try await service.client.post(form: [("email", "x"), ("next", Self.transcript)], to: "/sign-in")
    #expect(wrong.status == 422 && wrong.text.contains("id=\"email-error\"") && wrong.text.contains(Self.transcript))
    let away = try await service.client.get("/sign-in?next=https%3A%2F%2Fevil.example%2Ftranscript")
    #expect(!away.text.contains("evil.example"))
  }

  @Test func `behind TLS the cookie is the host's own`() async throws {
    let service = try await service(["site.public_url": "https://digest.wyre.example"])
    try await grant(service)
    let (cookie, answer) = try await signIn(service)
    let field = try #require(answer.field("set-cookie"))
    #expect(cookie.hasPrefix("__Host-session=") && field.contains("; Secure") && field.contains("Path=/"))
    #expect(try await service.client.get(Self.transcript, headers: ["Cookie": cookie]).status == 200)
    let plain = cookie.replacing("__Host-", with: "")
    #expect(try await service.client.get(Self.transcript, headers: ["Cookie": plain]).status == 403)
  }

  @Test func `a transcript leaks nowhere`() async throws {
    let service = try await service()
    try await grant(service)
    let (cookie, _) = try await signIn(service)
    _ = try await service.runDigest()
    let key = try await service.api("POST", "/api-keys", ["name": "r", "role": "reader"]).object()["secret"]
    let reader = ["Authorization": "Bearer \(try #require(key as? String))"]
    for path in ["/api/v1/councils/w/meetings/a", "/api/v1/councils/w/meetings", "/api/v1/topics"] {
      let answer = try await service.client.get(path, headers: reader)
      #expect(answer.status == 200 && !answer.text.contains("secret word"), "\(path)")
    }
    let meeting = try await service.client.get("/councils/w/meetings/a")
    let asReader = try await service.client.get("/councils/w/meetings/a", headers: ["Cookie": cookie])
    #expect(meeting.body == asReader.body && meeting.text.contains(Self.transcript))
    for path in [
      "/", "/councils/w", "/councils/w/meetings/a", "/search?q=xylophone", "/search.atom?q=xylophone",
      "/query?q=xylophone",
      "/councils/w/feed.atom", "/topics/xylo", "/topics/xylo/feed.atom", "/councils/w/calendar.ics", "/sitemap.xml",
      "/councils/w/committees/children-and-families-overview-and-scrutiny-panel",
    ] {
      for headers in [[:], ["Cookie": cookie]] {
        let answer = try await service.client.get(path, headers: headers)
        #expect(!answer.text.contains("secret word") && !answer.text.contains("Councillor says"), "\(path)")
      }
    }
    #expect(!(try await service.client.get("/councils/w/meetings/a").text.contains("Xylophones")))
    for method in ["POST", "PUT", "DELETE"] {
      #expect(try await service.client.send(method, Self.transcript).status == 405)
    }
  }
}
