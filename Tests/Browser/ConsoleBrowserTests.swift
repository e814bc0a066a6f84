import Foundation
import TestSupport
import Testing

/// The operator's console in a real browser, with scripts on and off.
@Suite(.serialized) struct ConsoleBrowserTests {
  @Test(arguments: [true, false])
  func `an operator approves a run, answers a request and a message, and signs out`(_ hasScripts: Bool) async throws {
    let demo = try await Demo(["digest.approval": "required"])
    let browser = try await WebDriver()
    if !hasScripts { try await browser.disableScripts() }
    _ = try await demo.client.post(
      form: [("email", "ann@resident.example"), ("council", "wychford")],
      to: "/subscribe"
    )
    _ = try await demo.client.post(form: [], to: try await demo.link("/confirm/", in: "Confirm your weekly summary"))
    _ = try await demo.client.post(
      form: [("email", "jo@paper.example"), ("request", "Potholes")],
      to: "/topics/request"
    )
    _ = try await demo.client.post(form: [], to: try await demo.link("/confirm/", in: "Confirm your topic request"))
    _ = try await demo.client.post(
      form: [("message", "Thank you"), ("email", "ann@resident.example")],
      to: "/feedback"
    )

    try await browser.resize(width: 375)
    try await browser.open(demo.address + "/operator/requests")
    try await browser.wait(for: "Sign in to the console", in: "h1")
    try await browser.type("wrong", into: "#key")
    try await browser.press("main form button")
    try await browser.wait(for: "There is a problem", in: ".errors h2")
    try await browser.type(try demo.key, into: "#key")
    try await browser.press("main form button")
    // Where they wanted to go.
    try await browser.wait(for: "Topic requests", in: "h1")
    try await browser.press("article form button")
    try await browser.wait(for: "Accepted", in: ".note")
    _ = try await demo.letter("You now get updates")

    try await browser.press(".tabs a[href='/operator/feedback']")
    try await browser.wait(for: "Feedback", in: "h1")
    try await browser.type("You are welcome.", into: "#reply-1")
    try await browser.press("article form button")
    try await browser.wait(for: "Handled", in: ".note")

    try await browser.press(".tabs a[href='/operator']")
    try await browser.press("a[href='/operator/start']")
    try await browser.wait(for: "Start this week’s digest run now?", in: "h1")
    try await browser.press("main form button")
    try await browser.wait(for: "started", in: ".note")
    _ = try await eventually("the run waits") {
      try await browser.open(demo.address + "/operator")
      return try await browser.text(".needs").contains("waits for approval") ? true : nil
    }
    try await browser.press("a[href='/operator/runs/1/approve']")
    try await browser.press("main .links a")
    try await browser.enterFrame("iframe")
    try await browser.wait(for: "Your weekly summary", in: "h1")
    try await browser.leaveFrame()
    try await browser.open(demo.address + "/operator/runs/1/approve")
    try await browser.press("main form button")
    try await browser.wait(for: "Approved", in: ".note")
    _ = try await demo.letter("Wychford")

    try await browser.press(".who button")
    try await browser.wait(for: "Sign in to the console", in: "h1")
    try await browser.open(demo.address + "/operator/audit")
    try await browser.wait(for: "Sign in to the console", in: "h1")
    try await browser.quit()
  }
}
