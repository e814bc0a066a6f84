import Foundation
import Mail
import TestSupport
import Testing

/// What readers do about themselves behind the link in their letters: the link by mail, their data, erasure.
@Suite struct ReaderDataTests {
  private static let address = "ann@resident.example"

  private func reader(_ settings: [String: String] = [:]) async throws -> (RunningService, path: String) {
    let service = try await RunningService(settings)
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/x", ["name": "Exbury Council"])
    try await service.subscribe(Self.address, to: "w")
    return (service, try await preferences(service))
  }

  private func preferences(_ service: RunningService, _ address: String = address) async throws -> String {
    let answer = try await service.client.post(form: [("email", address)], to: "/preferences")
    #expect(answer.status == 303 && answer.field("location") == "/preferences/check-your-email")
    let letter = try await service.waitForLetter(to: address, "preferences-link")
    return try RunningService.path(of: "/preferences/", in: letter)
  }

  /// The address, in any case, in any file of the service but its mailbox.
  private func isNamed(_ address: String, _ service: RunningService) throws -> [String] {
    let files = try FileManager.default.contentsOfDirectory(atPath: service.folder.path)
    return try files.filter { name in
      guard name != "mail", !name.hasSuffix(".socket") else { return false }
      let data = try Data(contentsOf: service.folder.url.appending(path: name))
      return String(decoding: data, as: UTF8.self).lowercased().contains(address)
    }
  }

  @Test func `the link comes by letter, and the form tells nothing about an address`() async throws {
    let (service, path) = try await reader()
    #expect(try await service.client.get(path).text.contains("What you get"))
    let page = try await service.client.get("/preferences")
    #expect(page.status == 200 && page.text.contains("name=\"email\""))
    let known = try await service.client.post(form: [("email", "Ann@Resident.example")], to: "/preferences")
    let unknown = try await service.client.post(form: [("email", "new@resident.example")], to: "/preferences")
    #expect(known.status == 303 && unknown.status == 303)
    #expect(known.field("location") == unknown.field("location") && known.body == unknown.body)
    #expect(try await service.client.get(try #require(known.field("location"))).status == 200)
    _ = try await eventually("the second link") {
      try service.letters(to: Self.address, "preferences-link").count == 2 ? true : nil
    }
    #expect(try service.letters().allSatisfy { $0.first("to") != "new@resident.example" })
    #expect(try isNamed("new@resident.example", service).isEmpty)
    let bad = try await service.client.post(form: [("email", "nobody")], to: "/preferences")
    #expect(bad.status == 422 && bad.text.contains("id=\"email-error\"") && bad.text.contains("value=\"nobody\""))
    let foreign = try await service.client.post(
      form: [("email", Self.address)],
      to: "/preferences",
      headers: ["Sec-Fetch-Site": "cross-site"]
    )
    #expect(foreign.status == 403)
  }

  @Test func `who has unsubscribed gets the link too, and sees there what is held`() async throws {
    let (service, path) = try await reader()
    _ = try await service.runDigest()
    let digest = try await service.waitForLetter(to: Self.address, "digest")
    _ = try await service.client.post(form: [], to: try RunningService.path(of: "/unsubscribe/", in: digest))
    _ = try await service.client.post(form: [("email", Self.address)], to: "/preferences")
    let letters = try await eventually("a second link") {
      let letters = try service.letters(to: Self.address, "preferences-link")
      return letters.count == 2 ? letters : nil
    }
    #expect(!letters[1].text.contains("summary comes to this address"))
    let page = try await service.client.get(path).text
    #expect(page.contains("You are unsubscribed") && page.contains("value=\"export\""))
  }

  @Test func `the link is asked for under the caps of sign-ups`() async throws {
    let (service, _) = try await reader(["signup.per_network_per_hour": "5"])
    let statuses = try await (0..<5).asyncMap { _ in
      try await service.client.post(form: [("email", Self.address)], to: "/preferences").status
    }
    #expect(statuses == [303, 303, 303, 429, 429])
    _ = try await eventually("the links") {
      try service.letters(to: Self.address, "preferences-link").count == 4 ? true : nil
    }
  }

  @Test func `a reader takes everything with them that is held about them`() async throws {
    let (service, path) = try await reader()
    _ = try await service.client.post(
      form: [("email", Self.address), ("message", "Well done")],
      to: "/feedback"
    )
    _ = try await service.runDigest()
    _ = try await service.client.post(
      form: [("action", "save"), ("follow", "council:x"), ("follow", "query:bins")],
      to: path
    )
    let file = try await service.client.post(form: [("action", "export")], to: path)
    #expect(file.status == 200 && file.field("content-type") == "application/json")
    #expect(file.field("content-disposition")?.hasPrefix("attachment; filename=") == true)
    #expect(file.field("cache-control") == "no-store" && file.field("referrer-policy") == "no-referrer")
    let data = try file.object()
    #expect(data["email"] as? String == Self.address && data["state"] as? String == "active")
    let subscriptions = try #require(data["subscriptions"] as? [[String: Any]])
    #expect(subscriptions.map { $0["follows"] as? String } == ["council:w", "council:x", "query:bins"])
    #expect(subscriptions.map { $0["state"] as? String } == ["ended", "active", "active"])
    let consents = try #require(data["consents"] as? [[String: Any]])
    #expect(consents.map { $0["source"] as? String } == ["web form", "preferences page"])
    #expect(consents[0]["withdrawn_how"] as? String == "preferences page" && consents[1]["withdrawn_at"] == nil)
    let texts = try #require(data["texts"] as? [[String: Any]])
    #expect(Set(texts.compactMap { $0["version"] as? String }).count == 2)
    for (kind, name) in [("form", "form_version"), ("notice", "notice_version")] {
      let text = try #require(texts.first { $0["kind"] as? String == kind })
      #expect(text["version"] as? String == consents[0][name] as? String)
      #expect((text["html"] as? String)?.contains(kind == "form" ? "Email address" : "What we keep") == true)
    }
    let deliveries = try #require(data["deliveries"] as? [[String: Any]])
    #expect(Set(deliveries.compactMap { $0["kind"] as? String }) == ["confirmation", "preferences-link", "digest"])
    #expect((data["feedback"] as? [[String: Any]])?.first?["message"] as? String == "Well done")
    let operatorsCopy = try await service.api("GET", "/subscribers/1/export")
    #expect(operatorsCopy.status == 200)
    #expect((try operatorsCopy.object()["subscriptions"] as? [[String: Any]])?.count == 3)
    #expect(try await service.api("GET", "/subscribers/99/export").status == 404)
  }

  @Test func `who asks to be forgotten is asked once more, and then is nowhere`() async throws {
    let (service, path) = try await reader()
    _ = try await service.client.post(form: [("email", Self.address), ("request", "Bins")], to: "/topics/request")
    _ = try await service.client.post(
      form: [("email", Self.address), ("message", "Write to Ann@resident.example please")],
      to: "/feedback"
    )
    _ = try await service.runDigest()
    let leave = try RunningService.path(
      of: "/unsubscribe/",
      in: try await service.waitForLetter(to: Self.address, "digest")
    )
    let question = try await service.client.post(form: [("action", "ask-to-erase")], to: path)
    #expect(question.status == 200 && question.text.contains("value=\"erase\""))
    #expect(try await service.api("GET", "/subscribers/1").status == 200)
    #expect(try isNamed(Self.address, service).isEmpty == false)
    let answer = try await service.client.post(form: [("action", "erase")], to: path)
    #expect(answer.status == 200 && answer.text.contains("We hold nothing about you"))
    #expect(try await service.api("GET", "/subscribers/1").status == 404)
    #expect(try isNamed(Self.address, service) == [])
    // What a run came to still adds up.
    let run = try await service.api("GET", "/digest-runs/1").object()
    #expect(run["recipients"] as? Int == 1 && run["sent"] as? Int == 1)
    for link in [path, leave] { #expect(try await service.client.get(link).status == 200) }
    #expect(try await service.client.post(form: [("action", "save"), ("follow", "council:w")], to: path).status == 200)
    // Whoever comes next does not get the id that old links name.
    try await service.subscribe("bob@resident.example", to: "w")
    #expect(try await service.client.get(path).text.contains("We hold nothing"))
    _ = try await service.client.post(form: [], to: leave)
    let items = try #require(try await service.api("GET", "/subscribers").object()["items"] as? [[String: Any]])
    #expect(items.map { $0["state"] as? String } == ["active"])
    #expect(try await service.api("GET", "/feedback").text.contains("(erased)"))
  }

  @Test func `who left may still have their data, and have it deleted`() async throws {
    let (service, path) = try await reader()
    _ = try await service.runDigest()
    let digest = try await service.waitForLetter(to: Self.address, "digest")
    _ = try await service.client.post(form: [], to: try RunningService.path(of: "/unsubscribe/", in: digest))
    let page = try await service.client.get(path)
    #expect(page.text.contains("You are unsubscribed") && page.text.contains("Download my data"))
    let data = try await service.client.post(form: [("action", "export")], to: path).object()
    let consent = try #require((data["consents"] as? [[String: Any]])?.first)
    #expect(consent["withdrawn_at"] is String && consent["withdrawn_how"] as? String == "unsubscribe link")
    #expect(try await service.client.post(form: [("action", "erase")], to: path).status == 200)
    #expect(try isNamed(Self.address, service) == [])
  }

  @Test func `an operator erases too, and of an address that refused letters a hash stays`() async throws {
    let (service, _) = try await reader()
    let complaint: [String: Any] = ["recipient": Self.address, "kind": "complaint"]
    #expect(try await service.api("POST", "/bounces", complaint).status == 200)
    #expect(try await service.api("GET", "/subscribers/1").object()["state"] as? String == "suppressed")
    #expect(try await service.api("DELETE", "/subscribers/1").status == 204)
    #expect(try await service.api("DELETE", "/subscribers/1").status == 404)
    #expect(try isNamed(Self.address, service) == [])
    let import1 = try await importing(service)
    #expect((import1["refused"] as? [[String: Any]])?.count == 1 && import1["imported"] as? Int == 0)
    // A new confirmed sign-up lifts it.
    _ = try await service.client.post(form: [("email", Self.address), ("council", "w")], to: "/subscribe")
    let fresh = try await eventually("the second confirmation") {
      let letters = try service.letters(to: Self.address, "confirmation")
      return letters.count == 2 ? letters.last : nil
    }
    let confirm = try RunningService.path(of: "/confirm/", in: fresh)
    #expect(try await service.client.post(form: [], to: confirm).text.contains("You are subscribed"))
    #expect(try await importing(service)["imported"] as? Int == 1, "who came back by themselves is here")
    #expect(try await service.api("DELETE", "/subscribers/2").status == 204)
    let refused = try await importing(service)["refused"] as? [[String: Any]]
    #expect((refused?.first?["detail"] as? String)?.contains("deleted here since") == true)
  }

  private func importing(_ service: RunningService) async throws -> [String: Any] {
    let table = "email,council,consent_at,consent_source\n\(Self.address),w,2026-01-05T10:00:00Z,form\n"
    let answer = try await service.client.send(
      "POST",
      "/api/v1/subscribers/import",
      headers: ["Authorization": "Bearer \(RunningService.key)", "Content-Type": "text/csv"],
      body: Array(table.utf8)
    )
    #expect(answer.status == 200, "\(answer.text)")
    return try answer.object()
  }
}

extension Sequence where Self: Sendable {
  fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
    var values: [Value] = []
    for element in self { values.append(try await transform(element)) }
    return values
  }
}
