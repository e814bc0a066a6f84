import Foundation
import TestSupport
import Testing

/// The newcomer's way through the demonstration in a real browser.
@Suite(.serialized) struct BrowserTests {
  @Test func `a newcomer signs up, confirms from the mailbox and reads the digest`() async throws {
    let demo = try await Demo()
    let browser = try await WebDriver()
    try await browser.resize(width: 375)

    try await browser.open(demo.address + "/")
    try await browser.press("aside a[href='/councils/wychford']")
    #expect(try await browser.text("h1") == "Wychford County Council")
    try await browser.type("newcomer@resident.example", into: "#subscribe-email")
    try await browser.press(".box button")
    #expect(try await browser.text("h1") == "Check your email")

    try await demo.openLetter("Confirm your weekly summary", in: browser)
    try await browser.enterFrame("iframe")
    try await browser.press("a.button")
    try await browser.leaveFrame()
    #expect(try await browser.text("h1") == "Confirm your subscription")
    try await browser.press("main button")
    #expect(try await browser.text("h1") == "You are subscribed")

    let run = try await demo.api("POST", "/digest-runs")
    #expect(run.status == 201)
    try await demo.openLetter("Wychford", in: browser)
    try await browser.enterFrame("iframe")
    #expect(try await browser.text("h1") == "Your weekly summary")
    #expect(try await browser.text("body").contains("Children and Young People Scrutiny Panel"))
    try await browser.quit()
  }

  @Test func `errors lead to their field, and what was typed is kept`() async throws {
    let demo = try await Demo()
    let browser = try await WebDriver()
    try await browser.open(demo.address + "/subscribe")
    try await browser.type("nobody", into: "#email")
    try await browser.press("main form button")
    #expect(try await browser.text(".errors h2") == "There is a problem")
    #expect(try await browser.evaluate("return document.getElementById('email').value") as? String == "nobody")
    try await browser.press(".errors a[href='#council']")
    #expect(try await browser.address.hasSuffix("#council"))
    try await browser.quit()
  }
}
