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

  @Test func `no page is wider than the screen, at phone and desktop width, and magnified`() async throws {
    let demo = try await Demo(["digest.approval": "required"])
    let browser = try await WebDriver()
    var pages = try await demo.pages()
    pages += try await demo.consolePages()
    try await demo.openConsole(in: browser)
    for path in pages {
      try await browser.open(demo.address + path)
      // The third is a screen of 1,280 by 1,024 at 200 % (WCAG 1.4.4), where little stands beside what is sticky.
      for (width, height, zoom) in [(320, 800, 1), (375, 800, 1), (640, 512, 2), (1_280, 800, 1)] {
        try await browser.resize(width: width, height: height, zoom: zoom)
        let wide = try await browser.evaluate("return document.documentElement.scrollWidth") as? Int ?? 0
        #expect(wide <= width, "\(path) at \(width)")
      }
      let headings = try await browser.evaluate("return document.querySelectorAll('h1').length") as? Int
      #expect(headings == 1, "\(path) has one h1")
      let unnamed = try await browser.evaluate(
        "return [...document.querySelectorAll('input:not([type=hidden]),textarea,select')].filter(e => !e.labels.length).length"
      )
      #expect(unnamed as? Int == 0, "\(path) has a field without a label")
    }
    try await browser.quit()
  }
}
