import Foundation
import TestSupport

/// A headless Chromium driven over the WebDriver protocol (W3C), as a person would use the pages.
final class WebDriver: @unchecked Sendable {
  // because one test uses it, from its one task.
  private let driver: ChildProcess
  private let client: HTTPClient
  private let folder: TemporaryFolder
  private var session = ""

  init() async throws {
    guard let program = Machine.program("chromedriver"), let browser = Machine.program("chromium-headless-shell") else {
      throw TestFault("chromium-driver and chromium-headless-shell are not installed")
    }
    folder = try TemporaryFolder()
    let port = try Machine.freePort()
    client = HTTPClient(port: port, isOurs: false)
    driver = try ChildProcess(
      program,
      ["--port=\(port)"],
      environment: ["HOME": folder.path, "PATH": "/usr/bin:/bin"],
      folder: folder.path
    )
    _ = try await eventually("chromedriver answers") { try? await client.get("/status").status == 200 ? true : nil }
    let arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    let chromium: [String: Any] = ["binary": browser, "args": arguments]
    let options = ["alwaysMatch": ["browserName": "chrome", "goog:chromeOptions": chromium]]
    let created = try await call("POST", "/session", ["capabilities": options]) as? [String: Any]
    session = "/session/\(created?["sessionId"] as? String ?? "")"
  }

  func quit() async throws {
    _ = try await call("DELETE", session)
  }

  /// As people have it who switched scripts off.
  func disableScripts() async throws {
    _ = try await call(
      "POST",
      session + "/goog/cdp/execute",
      ["cmd": "Emulation.setScriptExecutionDisabled", "params": ["value": true]]
    )
  }

  func open(_ address: String) async throws {
    _ = try await call("POST", session + "/url", ["url": address])
  }

  /// Phone or desktop: the width of the page, not of a window.
  /// - Parameter zoom: as of a page magnified so many times.
  func resize(width: Int, height: Int = 800, zoom: Int = 1) async throws {
    let metrics: [String: Any] = ["width": width, "height": height, "deviceScaleFactor": zoom, "mobile": width < 500]
    _ = try await call(
      "POST",
      session + "/goog/cdp/execute",
      ["cmd": "Emulation.setDeviceMetricsOverride", "params": metrics]
    )
  }

  /// As a person's device is set: light or dark.
  func prefer(scheme: String) async throws {
    let media: [String: Any] = ["features": [["name": "prefers-color-scheme", "value": scheme]]]
    _ = try await call(
      "POST",
      session + "/goog/cdp/execute",
      ["cmd": "Emulation.setEmulatedMedia", "params": media]
    )
  }

  func type(_ text: String, into selector: String) async throws {
    _ = try await callElement(selector, "POST", "value", ["text": text])
  }

  /// Keys that have no character, as WebDriver names them (§17.4.2).
  enum Key: String {
    case tab = "\u{E004}"
    case enter = "\u{E007}"
    case shift = "\u{E008}"
    case down = "\u{E015}"
    case space = " "
  }

  /// Presses a key wherever the focus is.
  func press(key: Key, with modifier: Key? = nil) async throws {
    let held = modifier.map { [$0.rawValue] } ?? []
    try await strike(
      held.map { ("keyDown", $0) } + [("keyDown", key.rawValue), ("keyUp", key.rawValue)] + held.map { ("keyUp", $0) }
    )
  }

  /// Types key by key wherever the focus is.
  func press(keys text: String) async throws {
    try await strike(text.flatMap { [("keyDown", String($0)), ("keyUp", String($0))] })
  }

  private func strike(_ strokes: [(type: String, value: String)]) async throws {
    let keyboard: [String: Any] = [
      "type": "key", "id": "keyboard", "actions": strokes.map { ["type": $0.type, "value": $0.value] },
    ]
    _ = try await call("POST", session + "/actions", ["actions": [keyboard]])
  }

  func press(_ selector: String) async throws {
    _ = try await callElement(selector, "POST", "click", [:])
  }

  func text(_ selector: String) async throws -> String {
    try await callElement(selector, "GET", "text") as? String ?? ""
  }

  /// Waits until an element has a text: a page that was asked for takes the place of the one before in its own time.
  func wait(for text: String, in selector: String) async throws {
    _ = try await eventually("\(selector) says “\(text)”") {
      (try? await self.text(selector))?.contains(text) == true ? true : nil
    }
  }

  /// Waits until the address ends so.
  func wait(forAddress end: String) async throws {
    _ = try await eventually("the address ends with \(end)") { try await self.address.hasSuffix(end) ? true : nil }
  }

  func evaluate(_ script: String) async throws -> Any? {
    try await call("POST", session + "/execute/sync", ["script": script, "args": []])
  }

  /// - Parameter script: calls its last argument with what it came to.
  func evaluate(asynchronous script: String) async throws -> Any? {
    try await call("POST", session + "/execute/async", ["script": script, "args": []])
  }

  var address: String {
    get async throws { try await call("GET", session + "/url") as? String ?? "" }
  }

  func enterFrame(_ selector: String) async throws {
    let element = ["element-6066-11e4-a52e-4f735466cecf": try await find(selector)]
    _ = try await call("POST", session + "/frame", ["id": element])
  }

  func leaveFrame() async throws {
    _ = try await call("POST", session + "/frame", ["id": NSNull()])
  }

  private func find(_ selector: String) async throws -> String {
    try await eventually("\(selector) is on the page") {
      let found = try? await call("POST", session + "/element", ["using": "css selector", "value": selector])
      return (found as? [String: Any])?.values.first as? String
    }
  }

  /// Calls a command of an element, found anew where its page went meanwhile: of a stale element nothing was done.
  private func callElement(
    _ selector: String,
    _ method: String,
    _ command: String,
    _ body: [String: Any]? = nil
  ) async throws -> Any? {
    let answer = try await eventually("\(selector) stays on the page") { () -> [Any?]? in
      do {
        return [try await call(method, session + "/element/\(try await find(selector))/\(command)", body)]
      } catch let fault as TestFault where "\(fault)".contains("stale element reference") {
        return nil
      }
    }
    return answer[0]
  }

  private func call(_ method: String, _ path: String, _ body: [String: Any]? = nil) async throws -> Any? {
    let answer =
      body == nil ? try await client.send(method, path) : try await client.send(json: body ?? [:], method, path)
    let value = try answer.object()["value"]
    guard answer.status == 200 else { throw TestFault("\(method) \(path): \(answer.text.prefix(300))") }
    return value
  }
}
