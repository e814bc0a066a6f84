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
    try await browser.wait(for: "Wychford County Council", in: "h1")
    try await browser.type("newcomer@resident.example", into: "#subscribe-email")
    try await browser.press(".box button")
    try await browser.wait(for: "Check your email", in: "h1")

    try await demo.pressLetter("Confirm your weekly summary", in: browser)
    try await browser.wait(for: "Confirm your subscription", in: "h1")
    try await browser.press("main button")
    try await browser.wait(for: "You are subscribed", in: "h1")

    let run = try await demo.api("POST", "/digest-runs")
    #expect(run.status == 201)
    try await demo.openLetter("Wychford", in: browser)
    try await browser.enterFrame("iframe")
    try await browser.wait(for: "Your weekly summary", in: "h1")
    try await browser.wait(for: "Children and Young People Scrutiny Panel", in: "body")
    try await browser.quit()
  }

  @Test func `errors lead to their field, and what was typed is kept`() async throws {
    let demo = try await Demo()
    let browser = try await WebDriver()
    try await browser.open(demo.address + "/subscribe")
    try await browser.type("nobody", into: "#email")
    try await browser.press("main form button")
    try await browser.wait(for: "There is a problem", in: ".errors h2")
    #expect(try await browser.evaluate("return document.getElementById('email').value") as? String == "nobody")
    try await browser.press(".errors a[href='#council']")
    try await browser.wait(forAddress: "#council")
    try await browser.quit()
  }
}
