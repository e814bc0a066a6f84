import Foundation
import TestSupport
import Testing

/// What somebody does who comes by, in a real browser, with scripts on and off.
@Suite(.serialized) struct VisitorBrowserTests {
  @Test(arguments: [true, false])
  func `a search is followed by email, and left with one click in the letter`(_ hasScripts: Bool) async throws {
    let demo = try await Demo()
    let browser = try await WebDriver()
    if !hasScripts { try await browser.disableScripts() }
    try await browser.resize(width: 375)
    try await browser.open(demo.address + "/search")
    try await browser.type("children", into: "#q")
    try await browser.press("main form button")
    try await browser.wait(for: "1 meeting", in: "main h2")
    #expect(try await browser.text(".excerpt mark") == "children")
    try await browser.press("a[href^='/query?q=children']")
    try await browser.wait(for: "Try your words", in: "h1")
    try await browser.type("visitor@resident.example", into: "#subscribe-email")
    try await browser.press(".box button")
    try await browser.wait(for: "Check your email", in: "h1")
    try await demo.pressLetter("Confirm your weekly summary", in: browser)
    try await browser.press("main button")
    try await browser.wait(for: "You are subscribed", in: "h1")

    #expect(try await demo.api("POST", "/digest-runs").status == 201)
    try await demo.openLetter("Wychford", in: browser)
    try await browser.enterFrame("iframe")
    #expect(try await browser.text("mark") == "children")
    try await browser.press("a[href*='/unsubscribe/']")
    try await browser.leaveFrame()
    try await browser.wait(for: "Unsubscribe", in: "h1")
    try await browser.press("main button")
    try await browser.wait(for: "You are unsubscribed", in: "h1")
    let readers = try await demo.api("GET", "/subscribers?email=visitor@resident.example").object()["items"]
    #expect((readers as? [[String: Any]])?.first?["state"] as? String == "unsubscribed")
    try await browser.quit()
  }

  @Test(arguments: [true, false])
  func `a mistake in a summary is reported from its page, and answered`(_ hasScripts: Bool) async throws {
    let demo = try await Demo()
    let browser = try await WebDriver()
    if !hasScripts { try await browser.disableScripts() }
    try await browser.open(demo.address + "/search?q=children")
    try await browser.press(".entries h3 a")
    try await browser.press("a[href^='/feedback?kind=mistake']")
    try await browser.wait(for: "Report a mistake", in: "h1")
    try await browser.press("main form button")
    try await browser.wait(for: "There is a problem", in: ".errors h2")
    try await browser.type("The budget was agreed, not noted.", into: "#message")
    try await browser.type("visitor@resident.example", into: "#email")
    try await browser.press("main form button")
    try await browser.wait(for: "Thank you", in: "h1")
    let open = try await demo.api("GET", "/feedback?state=open").object()["items"] as? [[String: Any]]
    let feedback = try #require(open?.first)
    #expect(
      feedback["kind"] as? String == "mistake" && (feedback["meeting"] as? String)?.hasSuffix("-children") == true
    )
    let answer = try await demo.api(
      "PATCH",
      "/feedback/\(feedback["id"] ?? 0)",
      ["state": "handled", "reply": "Mended."]
    )
    #expect(answer.status == 200)
    try await demo.openLetter("About your message", in: browser)
    try await browser.enterFrame("iframe")
    #expect(try await browser.text("body").contains("Mended."))
    try await browser.quit()
  }
}
