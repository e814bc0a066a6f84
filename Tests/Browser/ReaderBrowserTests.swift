import Foundation
import TestSupport
import Testing

/// What readers do about themselves, in a real browser, with scripts on and off.
@Suite(.serialized) struct ReaderBrowserTests {
  private func subscribe(_ address: String, _ demo: Demo, _ browser: WebDriver) async throws {
    try await browser.open(demo.address + "/councils/wychford")
    try await browser.type(address, into: "#subscribe-email")
    try await browser.press(".box button")
    try await demo.pressLetter("Confirm your weekly summary", in: browser)
    try await browser.press("main button")
    try await browser.wait(for: "You are subscribed", in: "h1")
  }

  @Test(arguments: [true, false])
  func `a reader asks for their link, changes what they get, pauses, and moves to another address`(_ hasScripts: Bool)
    async throws
  {
    let demo = try await Demo()
    let browser = try await WebDriver()
    if !hasScripts { try await browser.disableScripts() }
    try await browser.resize(width: 375)
    try await subscribe("ann@resident.example", demo, browser)

    try await browser.open(demo.address + "/preferences")
    try await browser.type("ann@resident.example", into: "#email")
    try await browser.press("main form button")
    try await browser.wait(for: "Check your email", in: "h1")
    try await demo.pressLetter("The link to your preferences", in: browser)
    try await browser.wait(for: "What you get", in: "h1")

    try await browser.press("input[name=density][value=full]")
    try await browser.press("form:first-of-type button")
    try await browser.wait(for: "saved", in: ".note")
    try await browser.type("not a date", into: "#email")
    try await browser.press(".field:has(#email) + button")
    try await browser.wait(for: "There is a problem", in: ".errors h2")
    try await browser.press(".errors a[href='#email']")
    try await browser.wait(forAddress: "#email")

    let items = try await demo.api("GET", "/subscribers?email=ann@resident.example").object()["items"]
    let reader = try #require((items as? [[String: Any]])?.first)
    #expect(reader["density"] as? String == "full")

    // A date field is filled in the order that its reader's language has.
    let soon = Date.now.addingTimeInterval(20 * 86_400).formatted(.iso8601.year().month().day())
    let parts = soon.split(separator: "-")
    try await browser.type("\(parts[1])\(parts[2])\(parts[0])", into: "#until")
    try await browser.press(".field:has(#until) + button")
    try await browser.wait(for: "paused until", in: ".lead")
    try await browser.press("#pause ~ form button")
    try await browser.wait(for: "go on", in: ".note")

    try await browser.type("ann@other.example", into: "#email")
    try await browser.press(".field:has(#email) + button")
    try await browser.wait(for: "new address", in: ".note")
    try await demo.pressLetter("Confirm your new address", in: browser)
    try await browser.wait(for: "Use this address", in: "h1")
    try await browser.press("main button")
    try await browser.wait(for: "Your address is changed", in: "h1")
    let moved = try await demo.api("GET", "/subscribers?email=ann@other.example").object()["items"]
    #expect((moved as? [[String: Any]])?.count == 1)
    try await browser.quit()
  }

  @Test(arguments: [true, false])
  func `a professional reader signs in and reads a transcript`(_ hasScripts: Bool) async throws {
    let demo = try await Demo()
    let browser = try await WebDriver()
    if !hasScripts { try await browser.disableScripts() }
    try await subscribe("pro@paper.example", demo, browser)
    let items = try await demo.api("GET", "/subscribers?email=pro@paper.example").object()["items"]
    let id = try #require((items as? [[String: Any]])?.first?["id"] as? Int)
    let until = Date.now.addingTimeInterval(30 * 86_400).formatted(.iso8601)
    #expect(try await demo.api("PATCH", "/subscribers/\(id)", ["professional_until": until]).status == 200)

    let meeting = try #require(
      try await demo.client.get("/councils/wychford").text.firstMatch(
        of: /href="(\/councils\/wychford\/meetings\/[^"]+-children)"/
      )
    ).1
    try await browser.open(demo.address + meeting)
    try await browser.press("a[href$='/transcript']")
    try await browser.wait(for: "This transcript needs a professional subscription", in: "h1")
    try await browser.press("main a.button")
    try await browser.type("pro@paper.example", into: "#email")
    try await browser.press("main form button")
    try await browser.wait(for: "Check your email", in: "h1")
    try await demo.pressLetter("Your link to sign in", in: browser)
    try await browser.wait(for: "Sign in", in: "h1")
    try await browser.press("main button")
    try await browser.wait(forAddress: "/transcript")
    try await browser.wait(for: "Transcript", in: "h1")
    try await browser.wait(for: ":", in: ".transcript p b")
    try await browser.resize(width: 320)
    let wide = try await browser.evaluate("return document.documentElement.scrollWidth") as? Int ?? 0
    #expect(wide <= 320)
    try await browser.press("main form button")
    try await browser.wait(for: "Sign in", in: "h1")
    try await browser.open(demo.address + meeting + "/transcript")
    try await browser.wait(for: "This transcript needs a professional subscription", in: "h1")
    try await browser.quit()
  }
}
