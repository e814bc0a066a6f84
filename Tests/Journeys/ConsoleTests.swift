import Foundation
import TestSupport
import Testing

/// The console's door: who comes in, as whom, and for how long.
@Suite struct ConsoleTests {
  @Test func `an API key opens the console, and nothing else does`() async throws {
    let service = try await RunningService()
    let away = try await service.client.get("/operator/figures")
    #expect(away.status == 303 && away.field("location") == "/operator/sign-in?next=%2Foperator%2Ffigures")
    let form = try await service.client.get("/operator/sign-in")
    #expect(form.status == 200 && form.text.contains("type=\"password\""))
    for key in ["", "wrong", "cd_<script>alert(1)</script>"] {
      let refused = try await service.client.post(form: [("key", key)], to: "/operator/sign-in")
      #expect(
        refused.status == 422 && refused.field("set-cookie") == nil && refused.text.contains("There is a problem")
      )
      #expect(!refused.text.contains("<script>"))
    }
    let wish = [("key", RunningService.key), ("next", "/operator/figures")]
    let opened = try await service.client.post(form: wish, to: "/operator/sign-in")
    #expect(opened.status == 303 && opened.field("location") == "/operator/figures")
    let cookie = try #require(opened.field("set-cookie"))
    for part in ["Path=/operator", "HttpOnly", "SameSite=Strict", "Max-Age=43200"] { #expect(cookie.contains(part)) }
    let elsewhere = [("key", RunningService.key), ("next", "//evil.example")]
    #expect(try await service.client.post(form: elsewhere, to: "/operator/sign-in").field("location") == "/operator")

    let console = try await Console(service)
    let page = try await console.get("")
    #expect(page.status == 200 && page.field("cache-control") == "no-store" && page.field("x-robots-tag") == "noindex")
    #expect(page.text.contains("<b>admin.token</b>"))
    #expect(try await service.client.get("/operator", headers: ["Cookie": "operator=wrong"]).status == 303)
    #expect(try await console.post("/sign-out").status == 303)
    #expect(try await console.get("").status == 303)
    #expect(!service.log.contains(RunningService.key))
  }

  @Test func `behind TLS the cookie is for TLS only`() async throws {
    let service = try await RunningService(["site.public_url": "https://digest.example.org"])
    let headers = ["Host": "digest.example.org"]
    let opened = try await service.client.post(
      form: [("key", RunningService.key)],
      to: "/operator/sign-in",
      headers: headers
    )
    let cookie = try #require(opened.field("set-cookie"))
    #expect(cookie.hasPrefix("__Secure-operator=") && cookie.contains("; Secure"))
  }

  @Test func `who guesses keys is stopped, and learns nothing from then on`() async throws {
    let service = try await RunningService()
    for number in 0..<10 {
      #expect(try await service.client.post(form: [("key", "k\(number)")], to: "/operator/sign-in").status == 422)
    }
    for key in ["k10", RunningService.key] {
      let stopped = try await service.client.post(form: [("key", key)], to: "/operator/sign-in")
      #expect(stopped.status == 429 && stopped.field("retry-after") == "3600" && stopped.field("set-cookie") == nil)
    }
  }

  @Test func `a key's role decides what is shown and allowed, and a revoked key is out at once`() async throws {
    let service = try await RunningService(["digest.approval": "required"])
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    try await service.subscribe("ann@resident.example", to: "w")
    _ = try await service.client.post(form: [("message", "Secret words"), ("email", "b@c.example")], to: "/feedback")
    _ = try await service.api("POST", "/digest-runs")
    _ = try await eventually("the run is planned") {
      try await service.api("GET", "/digest-runs/1").text.contains("awaiting_approval") ? true : nil
    }
    for role in ["reader", "editor"] {
      let (console, id) = try await Console.make(service, role: role)
      let page = try await console.get("")
      #expect(page.status == 200 && page.text.contains("waits for approval") && page.text.contains("key of \(role)"))
      for hidden in ["<button type=\"submit\">Approve", "/approve", "/start", "/operator/feedback", "messages from"] {
        #expect(!page.text.contains(hidden), "\(role) sees \(hidden)")
      }
      #expect(try await console.get("/figures").status == 200)
      for path in [
        "/next", "/hold", "/requests", "/feedback", "/audit", "/start", "/runs/1/approve", "/runs/1/cancel",
        "/runs/1/letters/1", "/runs/1/letters/1/html",
      ] {
        let refused = try await console.get(path)
        #expect(refused.status == 403, "\(role) \(path)")
        #expect(!refused.text.contains("ann@") && !refused.text.contains("Secret words"))
      }
      for path in ["/start", "/next", "/hold", "/runs/1/approve", "/runs/1/cancel", "/requests/1", "/feedback/1"] {
        #expect(try await console.post(path, [("sure", "yes"), ("hold", "yes")]).status == 403, "\(role) \(path)")
      }
      #expect(try await service.api("DELETE", "/api-keys/\(id)").status == 204)
      #expect(try await console.get("").status == 303)
    }
    #expect(try await service.api("GET", "/digest-runs/1").object()["state"] as? String == "awaiting_approval")
    #expect(try await service.api("GET", "/hold").object()["held"] as? Bool == false)
  }

  @Test func `a button pressed on another site's page does nothing`() async throws {
    let service = try await RunningService()
    let console = try await Console(service)
    for headers in [
      ["Sec-Fetch-Site": "cross-site"], ["Sec-Fetch-Site": "same-site"], ["Origin": "https://evil.example"],
    ] {
      #expect(try await console.post("/start", headers: headers).status == 403)
      #expect(try await console.post("/hold", [("hold", "yes")], headers: headers).status == 403)
      #expect(try await console.post("/sign-out", headers: headers).status == 403)
      let entry = [("key", RunningService.key)]
      #expect(try await service.client.post(form: entry, to: "/operator/sign-in", headers: headers).status == 403)
    }
    #expect(try await console.get("").status == 200)
    #expect(try await service.api("GET", "/digest-runs").object()["items"] as? [String] == [])
    #expect(try await service.api("GET", "/hold").object()["held"] as? Bool == false)
    #expect(try await service.api("GET", "/audit").object()["items"] as? [String] == [])
  }
}

/// A signed-in browser, as far as HTTP goes.
struct Console {
  let service: RunningService
  private let cookie: String

  init(_ service: RunningService, key: String = RunningService.key) async throws {
    self.service = service
    let answer = try await service.client.post(form: [("key", key)], to: "/operator/sign-in")
    guard answer.status == 303, let cookie = answer.field("set-cookie") else {
      throw TestFault("the console is closed: \(answer.status)")
    }
    self.cookie = String(cookie.prefix { $0 != ";" })
  }

  /// With a key of its own.
  static func make(_ service: RunningService, role: String) async throws -> (Console, id: Int) {
    let made = try await service.api("POST", "/api-keys", ["name": "key of \(role)", "role": role]).object()
    guard let key = made["secret"] as? String, let id = made["id"] as? Int else { throw TestFault("no key: \(made)") }
    return (try await Console(service, key: key), id)
  }

  func get(_ path: String) async throws -> HTTPExchange {
    try await service.client.get("/operator" + path, headers: ["Cookie": cookie])
  }

  func post(
    _ path: String,
    _ form: [(String, String)] = [],
    headers: [String: String] = [:]
  ) async throws -> HTTPExchange {
    try await service.client.post(
      form: form,
      to: "/operator" + path,
      headers: headers.merging(["Cookie": cookie]) { $1 }
    )
  }
}
