import HTTPTypes
import TestSupport
import Testing

@testable import HTTPServer

@Suite struct FormTests {
  private func request(_ type: String, _ body: String) -> Request {
    Request(method: .post, path: "/", fields: [.contentType: type], body: Array(body.utf8))
  }

  @Test func `urlencoded fields are decoded in order`() throws {
    let form = try Form(body: request("application/x-www-form-urlencoded; charset=utf-8", "a=1&b=x+y%21&a=%C3%A9&c"))
    #expect(form.all("a") == ["1", "é"])
    #expect(form.first("b") == "x y!")
    #expect(form.first("c") == "")
  }

  @Test(arguments: ["a=%", "a=%G1", "a=%ff", "a=%00", "%zz=1"])
  func `broken encodings are refused`(_ body: String) {
    #expect(throws: Form.Problem.self) { try Form(body: request("application/x-www-form-urlencoded", body)) }
  }

  @Test func `multipart fields are read as they are`() throws {
    let body =
      "--B\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n"
      + "--B\r\nContent-Disposition: form-data; name=two\r\nContent-Type: text/plain\r\n\r\nline 1\r\nline 2\r\n--B--\r\n"
    let form = try Form(body: request("multipart/form-data; boundary=\"B\"", body))
    #expect(form.first("List-Unsubscribe") == "One-Click")
    #expect(form.first("two") == "line 1\r\nline 2")
  }

  @Test(arguments: [
    "", "--B", "--B\r\n\r\n--B--", "--B\r\nX: y\r\n\r\nv\r\n--B--",
    "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nv",
    "--B\r\nContent-Disposition: form-data; name=\"a\u{0}b\"\r\n\r\nv\r\n--B--",
    "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nv\u{0}\r\n--B--",
  ])
  func `broken multipart is refused`(_ body: String) {
    #expect(throws: Form.Problem.self) { try Form(body: request("multipart/form-data; boundary=B", body)) }
  }

  @Test func `no bytes make the decoders trap`() {
    var generator = SplitMix(seed: 1)
    let pieces = [
      "--B", "\r\n", "--", "\n", "B", "Content-Disposition: form-data; name=a", ":", ";", "=", "%", "%4", "&", "é",
      "\u{0}", "\r",
    ]
    for _ in 0..<20_000 {
      let body = (0..<Int.random(in: 0...8, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? ""
      }.joined()
      _ = try? Form(body: request("multipart/form-data; boundary=B", body))
      _ = try? Form(body: request("application/x-www-form-urlencoded", body))
      _ = MediaType(body)
    }
    #expect(throws: Form.Problem.self) { try Form(body: request("multipart/form-data; boundary=B", "--B\r\n--B--")) }
  }

  @Test func `another media type is refused unless the body is empty`() throws {
    #expect(throws: Form.Problem.unknownMediaType) { try Form(body: request("text/plain", "a=1")) }
    #expect(try Form(body: request("text/plain", "")).fields.isEmpty)
  }

  @Test func `too many fields are refused`() {
    let body = String(repeating: "a=1&", count: Form.maximumFields + 1)
    #expect(throws: Form.Problem.tooManyFields) { try Form(body: request("application/x-www-form-urlencoded", body)) }
  }
}

@Suite struct RouterTests {
  private let router = Router([
    Route(.get, "/") { _ in .text(.ok, "home") },
    Route(.get, "/topics/request") { _ in .text(.ok, "literal") },
    Route(.get, "/topics/{topic}") { _ in .text(.ok, "parameter") },
    Route(.post, "/topics/request") { _ in .text(.ok, "post") },
    Route(.get, "/councils/{council}/meetings/{meeting}") { _ in .text(.ok, "meeting") },
  ])

  private func found(_ method: HTTPRequest.Method, _ path: String) -> (String, [String: String])? {
    guard case .found(let route, let parameters) = router.match(method, path) else { return nil }
    return (route.pattern, parameters)
  }

  @Test func `a literal wins over a parameter, and parameters are decoded once`() {
    #expect(found(.get, "/topics/request")?.0 == "/topics/request")
    #expect(found(.get, "/topics/send%2Fx")?.1 == ["topic": "send/x"])
    #expect(found(.get, "/councils/a/meetings/b%2520")?.1 == ["council": "a", "meeting": "b%20"])
    #expect(found(.head, "/")?.0 == "/")
  }

  @Test func `what is not there is told apart`() {
    guard case .notFound = router.match(.get, "/nowhere") else {
      Issue.record("expected notFound")
      return
    }
    guard case .notFound = router.match(.get, "/topics/") else {
      Issue.record("expected notFound")
      return
    }
    guard case .unreadable = router.match(.get, "/topics/%ff") else {
      Issue.record("expected unreadable")
      return
    }
    guard case .methodNotAllowed(let allowed) = router.match(.put, "/topics/request") else {
      Issue.record("expected methodNotAllowed")
      return
    }
    #expect(allowed == [.get, .head, .options, .post])
  }
}

@Suite struct EntityTagTests {
  @Test(arguments: [
    ("\"a\"", true), ("W/\"a\"", true), ("\"b\", \"a\"", true), ("*", true), ("\"b\"", false), ("a", false),
  ])
  func `If-None-Match compares weakly`(_ value: String, _ expected: Bool) {
    #expect(EntityTag("a").isMatched(byIfNoneMatch: value) == expected)
  }
}
