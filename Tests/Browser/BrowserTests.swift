import Foundation
import TestSupport
import Testing

/// The newcomer's way through the demonstration in a real browser.
@Suite(.serialized) struct BrowserTests {
  /// `council-digest demo` on a port of its own.
  private final class Demo: @unchecked Sendable {
    // because one test uses it, from its one task.
    let address: String
    let client: HTTPClient
    private let folder = Result { try TemporaryFolder() }
    private let process: ChildProcess

    init() async throws {
      let port = try Machine.freePort()
      let folder = try folder.get()
      client = HTTPClient(port: port)
      address = "http://127.0.0.1:\(port)"
      process = try ChildProcess(
        RunningService.program.path,
        ["demo", "--port", "\(port)"],
        environment: [
          "TMPDIR": folder.path, "COUNCIL_DIGEST_STORE_MIGRATIONS": Machine.root.appending(path: "migrations").path,
        ],
        folder: folder.path,
        output: folder.file("log")
      )
      _ = try await eventually("the demonstration answers") {
        try? await client.get("/healthz").status == 200 ? true : nil
      }
    }

    var welcome: String { (try? String(contentsOfFile: folder.get().file("log"), encoding: .utf8)) ?? "" }
  }

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

    try await letter("Confirm your weekly summary", demo, browser)
    try await browser.enterFrame("iframe")
    try await browser.press("a.button")
    try await browser.leaveFrame()
    #expect(try await browser.text("h1") == "Confirm your subscription")
    try await browser.press("main button")
    #expect(try await browser.text("h1") == "You are subscribed")

    let key = try #require(demo.welcome.firstMatch(of: /API key\s+(\S+)/)).1
    let run = try await demo.client.send(
      "POST",
      "/api/v1/digest-runs",
      headers: ["Authorization": "Bearer \(key)"]
    )
    #expect(run.status == 201)
    try await letter("Wychford", demo, browser)
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

  @Test func `no page is wider than the screen, at phone and desktop width`() async throws {
    let demo = try await Demo()
    let browser = try await WebDriver()
    let meeting = try #require(
      try await demo.client.get("/councils/wychford").text.firstMatch(
        of: /href="(\/councils\/wychford\/meetings\/[^"]+-children)"/
      )
    ).1
    for width in [320, 375, 1_280] {
      try await browser.resize(width: width)
      for path in [
        "/", "/councils", "/councils/wychford", String(meeting), "\(meeting)/transcript", "/subscribe",
        "/topics/request",
        "/topics", "/query", "/query?q=children%20OR%20roads", "/query?q=%22children",
        "/search?q=children&from=2026-01-01",
        "/feedback", "/about", "/privacy", "/accessibility", "/demo/mailbox", "/nowhere",
      ] {
        try await browser.open(demo.address + path)
        let wide = try await browser.evaluate("return document.documentElement.scrollWidth") as? Int ?? 0
        #expect(wide <= width, "\(path) at \(width)")
        let headings = try await browser.evaluate("return document.querySelectorAll('h1').length") as? Int
        #expect(headings == 1, "\(path) has one h1")
        let unnamed = try await browser.evaluate(
          "return [...document.querySelectorAll('input:not([type=hidden]),textarea,select')].filter(e => !e.labels.length).length"
        )
        #expect(unnamed as? Int == 0, "\(path) has a field without a label")
      }
    }
    try await browser.quit()
  }

  /// Opens the newest letter whose subject starts with `subject` in the mailbox page.
  private func letter(_ subject: String, _ demo: Demo, _ browser: WebDriver) async throws {
    let path = try await eventually("a letter: \(subject)") {
      try await demo.client.get("/demo/mailbox").text.matches(of: /href="(\/demo\/mailbox\/[^"]+)">([^<]+)</)
        .first { $0.2.hasPrefix(subject) }.map { String($0.1) }
    }
    try await browser.open(demo.address + path)
  }
}
