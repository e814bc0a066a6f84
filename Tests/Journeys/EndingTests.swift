import Foundation
import Mail
import TestSupport
import Testing

/// However somebody signs up, confirms, leaves and comes back, in one tab or in many: each has a kind and right ending.
@Suite struct EndingTests {
  private static let address = "ann@resident.example"

  private func service(_ settings: [String: String] = [:]) async throws -> RunningService {
    let service = try await RunningService(settings)
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/v", ["name": "Other Council"])
    return service
  }

  private func signUp(_ service: RunningService, _ councils: String..., address: String = address) async throws -> Int {
    let form = [("email", address)] + councils.map { ("council", $0) }
    return try await service.client.post(form: form, to: "/subscribe").status
  }

  /// The confirmation links, oldest first, once there are as many.
  private func links(_ service: RunningService, _ count: Int) async throws -> [String] {
    try await eventually("\(count) confirmations") {
      let letters = try service.letters(to: Self.address, "confirmation")
      return letters.count == count ? try letters.map { try RunningService.path(of: "/confirm/", in: $0) } : nil
    }
  }

  private func reader(_ service: RunningService) async throws -> [String: Any] {
    let items = try await service.api("GET", "/subscribers?email=\(Self.address)").object()["items"] as? [[String: Any]]
    return try #require(items?.first)
  }

  private func follows(_ service: RunningService) async throws -> [String] {
    (try await reader(service)["follows"] as? [String] ?? []).sorted()
  }

  private func leave(_ service: RunningService) async throws -> String {
    _ = try await service.runDigest()
    let digest = try await service.waitForLetter(to: Self.address, "digest")
    return try RunningService.path(of: "/unsubscribe/", in: digest)
  }

  private func together(_ count: Int, _ action: @escaping @Sendable () async throws -> Int) async throws -> [Int] {
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<count { group.addTask { try await action() } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  @Test func `many requests at once make one reader and one subscription`() async throws {
    let service = try await service(["signup.confirmations_per_address_per_week": "0"])
    let statuses = try await together(12) {
      try await service.client.post(form: [("email", Self.address), ("council", "w")], to: "/subscribe").status
    }
    #expect(statuses == Array(repeating: 303, count: 12))
    let paths = try await links(service, 12)
    let confirmed = try await withThrowingTaskGroup(of: Int.self) { group in
      for path in paths + paths { group.addTask { try await service.client.post(form: [], to: path).status } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(confirmed == Array(repeating: 200, count: 24))
    #expect(try await follows(service) == ["council:w"])
    let data = try await service.api("GET", "/subscribers/1/export").object()
    let active = (data["subscriptions"] as? [[String: Any]] ?? []).filter { $0["state"] as? String == "active" }
    #expect(active.count == 1)
    _ = try await service.runDigest()
    _ = try await service.waitForLetter(to: Self.address, "digest")
    #expect(try service.letters(to: Self.address, "digest").count == 1)
  }

  @Test func `confirming twice, in another tab, says that all is in order`() async throws {
    let service = try await service()
    _ = try await signUp(service, "w")
    let path = try await links(service, 1)[0]
    // Both tabs are open before either is pressed.
    for _ in 0..<2 { #expect(try await service.client.get(path).text.contains("Yes, send me the summary")) }
    #expect(try await service.client.post(form: [], to: path).text.contains("Thank you"))
    let first = try await reader(service)["confirmed_at"] as? String
    #expect(try await service.client.post(form: [], to: path).text.contains("confirmed this already"))
    #expect(try await reader(service)["confirmed_at"] as? String == first)
  }

  @Test func `leaving twice, also at once, is as kind as once, and nothing brings them back but themselves`()
    async throws
  {
    let service = try await service()
    try await service.subscribe(Self.address, to: "w")
    let path = try await leave(service)
    let statuses = try await together(6) { try await service.client.post(form: [], to: path).status }
    #expect(statuses == Array(repeating: 200, count: 6))
    #expect(try await service.client.get(path).text.contains("You are unsubscribed"))
    #expect(try await reader(service)["state"] as? String == "unsubscribed")
    let data = try await service.api("GET", "/subscribers/1/export").object()
    #expect((data["consents"] as? [[String: Any]])?.first?["withdrawn_how"] as? String == "unsubscribe link")
    let confirm = try await links(service, 1)[0]
    #expect(try await service.client.post(form: [], to: confirm).text.contains("You have unsubscribed since"))
    // Signing up anew is a letter to confirm, as for everybody.
    #expect(try await signUp(service, "w") == 303)
    _ = try await links(service, 2)
    #expect(try await reader(service)["state"] as? String == "unsubscribed")
    _ = try await service.client.post(form: [], to: try await links(service, 2)[1])
    #expect(try await follows(service) == ["council:w"])
    #expect(try await reader(service)["state"] as? String == "active")
  }

  @Test func `a link to confirm what was dropped since says so, and brings nothing back`() async throws {
    let service = try await service()
    try await service.subscribe(Self.address, to: "w", "v")
    let confirm = try await links(service, 1)[0]
    _ = try await service.client.post(form: [("email", Self.address)], to: "/preferences")
    let letter = try await service.waitForLetter(to: Self.address, "preferences-link")
    let preferences = try RunningService.path(of: "/preferences/", in: letter)
    func save(_ council: String) async throws {
      let form = [("action", "save"), ("follow", "council:\(council)")]
      #expect(try await service.client.post(form: form, to: preferences).status == 303)
    }
    try await save("w")
    func consents() async throws -> [[String: Any]] {
      try await service.api("GET", "/subscribers/1/export").object()["consents"] as? [[String: Any]] ?? []
    }
    // A part of it goes on.
    #expect(try await consents()[0]["withdrawn_at"] == nil)
    #expect(try await service.client.post(form: [], to: confirm).text.contains("confirmed this already"))
    _ = try await service.client.post(form: [("action", "save"), ("follow", "query:bins")], to: preferences)
    #expect(try await consents()[0]["withdrawn_how"] as? String == "preferences page")
    let again = try await service.client.post(form: [], to: confirm)
    #expect(again.status == 200 && again.text.contains("You have changed what you get since"))
    #expect(try await follows(service) == ["query:bins"])
  }

  @Test func `two tabs of preferences end with what was saved last, and a tab of somebody who left changes nothing`()
    async throws
  {
    let service = try await service()
    try await service.subscribe(Self.address, to: "w")
    _ = try await service.client.post(form: [("email", Self.address)], to: "/preferences")
    let letter = try await service.waitForLetter(to: Self.address, "preferences-link")
    let path = try RunningService.path(of: "/preferences/", in: letter)
    let statuses = try await together(8) {
      try await service.client.post(
        form: [("action", "save"), ("follow", "council:w"), ("follow", "council:v")],
        to: path
      ).status
    }
    #expect(statuses == Array(repeating: 303, count: 8))
    #expect(try await follows(service) == ["council:v", "council:w"])
    _ = try await service.client.post(form: [], to: try await leave(service))
    for form in [
      [("action", "save"), ("follow", "council:w")], [("action", "resume")],
      [("action", "pause"), ("until", "2099-01-01")],
    ] {
      let answer = try await service.client.post(form: form, to: path)
      #expect(answer.status == 200 && answer.text.contains("You are unsubscribed"))
    }
    #expect(try await reader(service)["state"] as? String == "unsubscribed")
  }

  @Test func `the caps are kept in the store and survive a restart`() async throws {
    let service = try await service(["signup.per_network_per_hour": "4", "signup.per_hour": "100"])
    for _ in 0..<3 { #expect(try await signUp(service, "w") == 303) }
    _ = try await links(service, 3)
    service.kill()
    try await service.start()
    // The fourth attempt is taken, and makes no fourth letter.
    #expect(try await signUp(service, "w") == 303)
    #expect(try await signUp(service, "w", address: "other@resident.example") == 429)
    let feedback = try await service.client.post(form: [("message", "Hello")], to: "/feedback")
    let topic = try await service.client.post(
      form: [("email", Self.address), ("request", "bins")],
      to: "/topics/request"
    )
    let link = try await service.client.post(form: [("email", Self.address)], to: "/preferences")
    let signIn = try await service.client.post(form: [("email", Self.address)], to: "/sign-in")
    #expect([feedback, topic, link, signIn].map(\.status) == [429, 429, 429, 429])
    #expect(link.field("retry-after") == "3600")
    #expect(try service.letters(to: Self.address, "confirmation").count == 3)
  }

  @Test func `the cap over all holds whoever they are, and a restart forgets nothing`() async throws {
    let service = try await service(["signup.per_hour": "3"])
    for number in 1...3 { #expect(try await signUp(service, "w", address: "n\(number)@resident.example") == 303) }
    service.kill()
    try await service.start()
    let answer = try await service.client.post(
      form: [("email", "n4@resident.example"), ("council", "w")],
      to: "/subscribe"
    )
    #expect(answer.status == 429 && answer.text.contains("Too many people"))
    #expect(try await service.api("GET", "/subscribers").text.contains("n4@") == false)
  }

  @Test(arguments: [
    "<script>alert(1)</script>@b.example", "ann@resident.example\r\nBcc: eve@evil.example", "ann\u{0}@resident.example",
    "ann@resident.example,eve@evil.example", "\u{202E}ann@resident.example", "ann@\u{200B}", "\"<b>\"@resident.example",
    "ann@resident.example?subject=x", "🦊@resident.example",
  ])
  func `what is typed as an address is shown inert, and mails nobody`(_ text: String) async throws {
    let service = try await service()
    for (path, more) in [("/subscribe", [("council", "w")]), ("/preferences", []), ("/sign-in", [])] {
      let answer = try await service.client.post(form: [("email", text)] + more, to: path)
      // What can't be read is not even a wrong address.
      #expect(answer.status == (text.contains("\0") ? 400 : 422), "\(path)")
      #expect(!answer.text.contains("<script>") && !answer.text.contains("value=\"\"<b>"), "\(path)")
    }
    let items = try await service.api("GET", "/subscribers").object()["items"] as? [[String: Any]]
    #expect(items?.isEmpty == true)
    #expect(try service.letterFiles().isEmpty)
  }

  @Test func `marks of markup in an address and a query are text everywhere`() async throws {
    let service = try await service()
    let odd = "o'neil&{{site}}`|~@resident.example"
    let answer = try await service.client.post(
      form: [("email", odd), ("council", "w"), ("query", "\"<img src=x>\"")],
      to: "/subscribe"
    )
    #expect(answer.status == 303, "\(answer.text)")
    let letter = try await service.waitForLetter(to: odd, "confirmation")
    #expect(!letter.text.contains("img src"))
    let path = try RunningService.path(of: "/confirm/", in: letter)
    #expect(try await service.client.post(form: [], to: path).text.contains("<img src=x") == false)
    _ = try await service.client.post(form: [("email", odd)], to: "/preferences")
    let link = try RunningService.path(
      of: "/preferences/",
      in: try await service.waitForLetter(to: odd, "preferences-link")
    )
    let page = try await service.client.get(link)
    #expect(page.text.contains("value=\"query:&quot;") && !page.text.contains("<img src=x"))
    let wrong = try await service.client.post(
      form: [("action", "change-address"), ("email", "\"><script>x</script>")],
      to: link
    )
    #expect(wrong.status == 422 && !wrong.text.contains("<script>"))
    let foreign = try await service.client.post(form: [("action", "<b>")], to: link)
    #expect(foreign.status == 422 && !foreign.text.contains("<b>"))
  }
}
