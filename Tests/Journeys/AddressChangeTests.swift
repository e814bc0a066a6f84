import Foundation
import Mail
import TestSupport
import Testing

/// Moving letters to another address, confirmed from both sides.
@Suite struct AddressChangeTests {
  private static let old = "ann@old.example"
  private static let new = "ann@neu-bücher.example"

  private func reader(_ settings: [String: String] = [:]) async throws -> (RunningService, path: String) {
    let service = try await RunningService(settings)
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/x", ["name": "Exbury Council"])
    try await service.subscribe(Self.old, to: "w")
    return (service, try await preferences(service, Self.old))
  }

  private func preferences(_ service: RunningService, _ address: String) async throws -> String {
    _ = try await service.client.post(form: [("email", address)], to: "/preferences")
    let letter = try await service.waitForLetter(to: address, "preferences-link")
    return try RunningService.path(of: "/preferences/", in: letter)
  }

  private func ask(_ service: RunningService, _ path: String, _ address: String) async throws -> HTTPExchange {
    try await service.client.post(form: [("action", "change-address"), ("email", address)], to: path)
  }

  private func addresses(_ service: RunningService) async throws -> [String] {
    let items = try #require(try await service.api("GET", "/subscribers").object()["items"] as? [[String: Any]])
    return items.compactMap { $0["email"] as? String }
  }

  @Test func `letters move when the new address confirms, and the old one hears of it`() async throws {
    let (service, path) = try await reader()
    let answer = try await ask(service, path, Self.new)
    #expect(answer.status == 303 && answer.field("location") == "\(path)?done=change-address")
    #expect(try await service.client.get("\(path)?done=change-address").text.contains("We wait for an answer"))
    let letters = try await eventually("the letter to the new address") {
      try service.letters().filter { $0.first("message-id")?.hasPrefix("<address-change.") == true }.first
    }
    #expect(letters.first("to")?.hasPrefix("ann@xn--") == true)
    let notice = try await service.waitForLetter(to: Self.old, "address-notice")
    #expect(!notice.text.contains("xn--") && !notice.text.contains("bücher") && !letters.text.contains("old.example"))
    let confirm = try RunningService.path(of: "/confirm/", in: letters)
    for _ in 0..<2 {
      let page = try await service.client.get(confirm)
      #expect(page.text.contains("<button") && page.field("cache-control") == "no-store")
    }
    #expect(try await addresses(service) == [Self.old])
    #expect(try await service.client.post(form: [], to: confirm).text.contains("Your address is changed"))
    let now = try await addresses(service)
    #expect(now.count == 1 && now[0].hasPrefix("ann@xn--"))
    // Twice is kind; and too late to stop.
    #expect(try await service.client.post(form: [], to: confirm).text.contains("confirmed already"))
    let stop = try RunningService.path(of: "/address-change/", in: notice)
    #expect(try await service.client.post(form: [], to: stop).text.contains("confirmed already"))
    _ = try await service.runDigest()
    _ = try await service.waitForLetter(to: now[0], "digest")
    #expect(try service.letters(to: Self.old, "digest").isEmpty)
    // Links in letters to the old address are still theirs.
    #expect(try await service.client.get(path).text.contains("What you get"))
  }

  @Test func `the old address stops it, by a button`() async throws {
    let (service, path) = try await reader()
    _ = try await ask(service, path, "thief@other.example")
    let notice = try await service.waitForLetter(to: Self.old, "address-notice")
    let stop = try RunningService.path(of: "/address-change/", in: notice)
    #expect(try await service.client.get(stop).text.contains("<button"))
    #expect(try await service.client.get(stop + "x").status == 404)
    for _ in 0..<2 { #expect(try await service.client.post(form: [], to: stop).text.contains("The change is stopped")) }
    let letter = try await service.waitForLetter(to: "thief@other.example", "address-change")
    let confirm = try RunningService.path(of: "/confirm/", in: letter)
    #expect(try await service.client.post(form: [], to: confirm).text.contains("The change is stopped"))
    #expect(try await addresses(service) == [Self.old])
  }

  @Test func `a later wish replaces an earlier one`() async throws {
    let (service, path) = try await reader()
    var links: [String] = []
    for address in ["one@other.example", "two@other.example"] {
      _ = try await ask(service, path, address)
      let letter = try await service.waitForLetter(to: address, "address-change")
      links.append(try RunningService.path(of: "/confirm/", in: letter))
    }
    #expect(try await service.client.post(form: [], to: links[0]).text.contains("There is a newer link"))
    _ = try await service.client.post(form: [], to: links[1])
    #expect(try await addresses(service) == ["two@other.example"])
  }

  @Test func `who has both addresses here becomes one reader, and no page tells beforehand`() async throws {
    let (service, path) = try await reader(["signup.confirmations_per_address_per_week": "0"])
    try await service.subscribe("ann@other.example", to: "w", "x")
    let others = try await preferences(service, "ann@other.example")
    let known = try await ask(service, path, "ann@other.example")
    let page = try await service.client.get(path)
    _ = try await service.waitForLetter(to: "ann@other.example", "address-change")
    let unknown = try await ask(service, path, "nobody@other.example")
    #expect(known.status == unknown.status && known.field("location") == unknown.field("location"))
    #expect(try await service.client.get(path).text == page.text)
    // The wish for the unknown address replaced it, so it is asked for once more.
    _ = try await ask(service, path, "ann@other.example")
    let second = try await eventually("the second letter") {
      let letters = try service.letters(to: "ann@other.example", "address-change")
      return letters.count == 2 ? letters : nil
    }
    var texts: [String] = []
    for letter in second {
      let link = try RunningService.path(of: "/confirm/", in: letter)
      texts.append(try await service.client.post(form: [], to: link).text)
    }
    #expect(texts.contains { $0.contains("There is a newer link") } && texts.contains { $0.contains("is changed") })
    let items = try #require(try await service.api("GET", "/subscribers").object()["items"] as? [[String: Any]])
    #expect(items.count == 1 && items[0]["email"] as? String == "ann@other.example")
    #expect((items[0]["follows"] as? [String])?.sorted() == ["council:w", "council:x"])
    // The links of both go on working.
    for link in [path, others] { #expect(try await service.client.get(link).text.contains("What you get")) }
    _ = try await service.runDigest()
    let digest = try await service.waitForLetter(to: "ann@other.example", "digest")
    #expect(try service.letters().filter { $0.first("message-id")?.hasPrefix("<digest.") == true }.count == 1)
    _ = try await service.client.post(form: [], to: try RunningService.path(of: "/unsubscribe/", in: digest))
    #expect(try await service.client.get(others).text.contains("You are unsubscribed"))
  }

  @Test func `a wish of somebody who has left since changes nothing`() async throws {
    let (service, path) = try await reader()
    _ = try await ask(service, path, "ann@other.example")
    let letter = try await service.waitForLetter(to: "ann@other.example", "address-change")
    _ = try await service.runDigest()
    let digest = try await service.waitForLetter(to: Self.old, "digest")
    _ = try await service.client.post(form: [], to: try RunningService.path(of: "/unsubscribe/", in: digest))
    let confirm = try RunningService.path(of: "/confirm/", in: letter)
    #expect(try await service.client.post(form: [], to: confirm).text.contains("There is nothing to change"))
    #expect(try await addresses(service) == [Self.old])
  }

  @Test(arguments: [
    ("nobody", "correct format"), ("", "Enter an email address"), ("ann@old.example", "already"),
    ("ann@old.example\r\nBcc: x@y.example", "no spaces"),
  ])
  func `what is no new address is said at the field, and kept`(_ text: String, _ words: String) async throws {
    let (service, path) = try await reader()
    let answer = try await ask(service, path, text)
    #expect(answer.status == 422 && answer.text.contains("id=\"email-error\"") && answer.text.contains(words))
    #expect(answer.text.contains("href=\"#email\""))
  }

  @Test func `asking again and again is refused, and fills no mailbox`() async throws {
    let (service, path) = try await reader()
    var statuses: [Int] = []
    for number in 1...5 { statuses.append(try await ask(service, path, "n\(number)@other.example").status) }
    #expect(statuses == [303, 303, 303, 422, 422])
    _ = try await eventually("the notices") {
      try service.letters(to: Self.old, "address-notice").count == 3 ? true : nil
    }
  }
}
