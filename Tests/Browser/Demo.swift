import Foundation
import TestSupport

/// `council-digest demo` on a port of its own.
final class Demo: @unchecked Sendable {
  // because one test uses it, from its one task.
  let address: String
  let client: HTTPClient
  private let folder = Result { try TemporaryFolder() }
  private let process: ChildProcess

  /// - Parameter settings: configuration keys and values.
  init(_ settings: [String: String] = [:]) async throws {
    let port = try Machine.freePort()
    let folder = try folder.get()
    client = HTTPClient(port: port)
    address = "http://127.0.0.1:\(port)"
    process = try ChildProcess(
      RunningService.program.path,
      ["demo", "--port", "\(port)"],
      environment: [
        "TMPDIR": folder.path, "COUNCIL_DIGEST_STORE_MIGRATIONS": Machine.root.appending(path: "migrations").path,
      ].merging(settings.map { ("COUNCIL_DIGEST_" + $0.uppercased().replacing(".", with: "_"), $1) }) { $1 },
      folder: folder.path,
      output: folder.file("log")
    )
    _ = try await eventually("the demonstration answers") {
      try? await client.get("/healthz").status == 200 ? true : nil
    }
  }

  var welcome: String { (try? String(contentsOfFile: folder.get().file("log"), encoding: .utf8)) ?? "" }

  var key: String {
    get throws {
      guard let key = welcome.firstMatch(of: /API key\s+(\S+)/)?.1 else { throw TestFault("no API key is printed") }
      return String(key)
    }
  }

  func api(_ method: String, _ path: String, _ json: [String: Any] = [:]) async throws -> HTTPExchange {
    try await client.send(json: json, method, "/api/v1" + path, key: try key)
  }

  /// A letter in the mailbox, the newest whose subject starts with `subject`.
  func letter(_ subject: String) async throws -> String {
    try await eventually("a letter: \(subject)") {
      try await client.get("/demo/mailbox").text.matches(of: /href="(\/demo\/mailbox\/[^"]+)">([^<]+)</)
        .first { $0.2.hasPrefix(subject) }.map { String($0.1) }
    }
  }

  /// Opens the newest letter whose subject starts with `subject` in the mailbox page.
  func openLetter(_ subject: String, in browser: WebDriver) async throws {
    try await browser.open(address + letter(subject))
  }

  /// Follows the button of the newest letter whose subject starts so.
  func pressLetter(_ subject: String, in browser: WebDriver) async throws {
    try await openLetter(subject, in: browser)
    try await browser.enterFrame("iframe")
    try await browser.press("a.button")
    try await browser.leaveFrame()
  }

  /// A page reached by a letter: the path of the first link in its text that begins so.
  func link(_ start: String, in subject: String) async throws -> String {
    let text = try await client.get(letter(subject)).text
    guard let range = text.firstRange(of: address + start) else { throw TestFault("\(subject) has no link \(start)") }
    return String(text[range.lowerBound...].dropFirst(address.count).prefix { $0 != "<" && $0 != "\"" && $0 != "\n" })
  }

  /// Signs in to the console, as an operator does.
  func openConsole(in browser: WebDriver) async throws {
    try await browser.open(address + "/operator/sign-in")
    try await browser.type(try key, into: "#key")
    try await browser.press("main form button")
    try await browser.wait(for: "This week", in: "h1")
  }

  /// A page as the operator's browser gets it; the door as it is before they are in.
  func get(_ path: String) async throws -> HTTPExchange {
    guard path.hasPrefix("/operator"), path != "/operator/sign-in" else { return try await client.get(path) }
    let opened = try await client.post(form: [("key", try key)], to: "/operator/sign-in")
    return try await client.get(
      path,
      headers: ["Cookie": String((opened.field("set-cookie") ?? "").prefix { $0 != ";" })]
    )
  }

  /// The console's pages, with something on each. Ask for a run's approval in the configuration.
  func consolePages() async throws -> [String] {
    _ = try await client.post(
      form: [("email", "asks@resident.example"), ("request", "How long do children wait?")],
      to: "/topics/request"
    )
    _ = try await client.post(form: [], to: try await link("/confirm/", in: "Confirm your topic request"))
    _ = try await client.post(form: [("message", "Not 5 to 7."), ("email", "a@resident.example")], to: "/feedback")
    let reader =
      "email,council,topic,query,consent_at,consent_source\nann@resident.example,wychford,,,2026-01-01,a fair\n"
    let imported = try await client.send(
      "POST",
      "/api/v1/subscribers/import",
      headers: ["Authorization": "Bearer \(try key)", "Content-Type": "text/csv"],
      body: Array(reader.utf8)
    )
    guard try imported.object()["imported"] as? Int == 1 else { throw TestFault("no reader: \(imported.text)") }
    guard try await api("POST", "/digest-runs").status == 201 else { throw TestFault("no run begins") }
    _ = try await eventually("the run is planned") {
      try await api("GET", "/digest-runs/1").object()["state"] as? String == "awaiting_approval" ? true : nil
    }
    guard try await api("POST", "/hold", ["hold": true]).status == 200 else { throw TestFault("nothing is held") }
    return [
      "", "/next", "/hold", "/figures", "/requests", "/feedback", "/audit", "/start", "/runs/1/approve",
      "/runs/1/cancel",
      "/runs/1/letters/1", "/runs/9/letters/1",
    ].map { "/operator" + $0 }
  }

  /// Every kind of page that a person may come to: those everyone sees, those behind mailed links, and those that say no.
  func pages() async throws -> [String] {
    let meetings = try await client.get("/councils/wychford").text
      .matches(of: /href="(\/councils\/wychford\/meetings\/[^"]+)"/).map { String($0.1) }
    let committee = try await client.get("/councils/wychford").text
      .firstMatch(of: /href="(\/councils\/wychford\/committees\/[^"]+)"/).map { String($0.1) }
    let topic = try await client.get("/topics").text.firstMatch(of: /href="(\/topics\/[a-z-]+)"/).map { String($0.1) }
    _ = try await client.post(form: [("email", "every@resident.example"), ("council", "wychford")], to: "/subscribe")
    let confirm = try await link("/confirm/", in: "Confirm your weekly summary")
    return [
      "/", "/councils", "/councils?q=wych", "/councils/wychford", "/subscribe", "/subscribe/check-your-email",
      "/topics/request", "/topics", "/query", "/query?q=children%20OR%20roads", "/query?q=%22children", "/query?q=zzz",
      "/search", "/search?q=children&from=2026-01-01", "/feedback", "/feedback/thank-you", "/about", "/privacy",
      "/accessibility", "/sign-in", "/sign-in/check-your-email", "/preferences", "/preferences/check-your-email",
      "/demo/mailbox", "/nowhere", "/confirm/wrong", confirm, "/operator/sign-in",
    ] + [committee, topic].compactMap(\.self) + meetings.prefix(4) + meetings.prefix(1).map { $0 + "/transcript" }
  }
}
