import Foundation
import GRDB
import HTTPServer
import HTTPTypes
import TestSupport
import Testing

@testable import CouncilDigest

/// Who did what: every call that changes something leaves its line, in the transaction of the change.
@Suite struct AuditTests {
  /// A call of each changing route, in an order in which each does something.
  private static let calls: [(route: String, path: String, body: String, action: String, subject: String)] = [
    ("PUT /councils/{council}", "/councils/v", #"{"name": "Vale"}"#, "put", "councils/v"),
    (
      "PUT /councils/{council}/meetings/{meeting}", "/councils/v/meetings/a",
      #"{"committee": "Cabinet", "starts_at": "2026-11-20T10:00:00Z", "summary": "Secret words."}"#, "put",
      "councils/v/meetings/a"
    ),
    (
      "DELETE /councils/{council}/meetings/{meeting}", "/councils/v/meetings/a", "", "delete", "councils/v/meetings/a"
    ),
    ("DELETE /councils/{council}", "/councils/v", "", "delete", "councils/v"),
    ("PUT /topics/{topic}", "/topics/t", #"{"name": "T", "query": "roads"}"#, "put", "topics/t"),
    ("DELETE /topics/{topic}", "/topics/t", "", "delete", "topics/t"),
    ("POST /import", "/import", #"{"council": {"slug": "i", "name": "I"}}"#, "import", "import"),
    (
      "PATCH /topic-requests/{id}", "/topic-requests/1", #"{"state": "declined", "reply": "Dear Ann, no."}"#,
      "declined",
      "topic-requests/1"
    ),
    ("PATCH /feedback/{id}", "/feedback/1", #"{"state": "handled", "reply": "Dear Ann"}"#, "handle", "feedback/1"),
    (
      "PATCH /subscribers/{id}", "/subscribers/1", #"{"professional_until": "2027-01-01T00:00:00Z"}"#, "change",
      "subscribers/1"
    ),
    ("POST /digest-runs/test", "/digest-runs/test", #"{"to": "ann@example.org"}"#, "test", "digest-runs/test"),
    ("POST /digest-runs", "/digest-runs", "", "start", "digest-runs/1"),
    ("POST /digest-runs/{id}/approve", "/digest-runs/1/approve", "", "approve", "digest-runs/1"),
    ("POST /digest-runs/{id}/pause", "/digest-runs/1/pause", "", "pause", "digest-runs/1"),
    ("POST /digest-runs/{id}/resume", "/digest-runs/1/resume", "", "resume", "digest-runs/1"),
    ("POST /digest-runs/{id}/cancel", "/digest-runs/1/cancel", "", "cancel", "digest-runs/1"),
    ("POST /hold", "/hold", #"{"hold": true, "reason": "r"}"#, "hold", "hold"),
    ("POST /backups", "/backups", "", "create", "backups"),
    ("POST /api-keys", "/api-keys", #"{"name": "laptop", "role": "editor"}"#, "create", "api-keys/1"),
    ("DELETE /api-keys/{id}", "/api-keys/1", "", "revoke", "api-keys/1"),
    (
      "POST /subscribers/import", "/subscribers/import",
      "email,council,consent_at,consent_source\nann@example.net,i,2026-01-02T03:04:05Z,Secret stall", "import",
      "subscribers"
    ),
    ("DELETE /subscribers/{id}", "/subscribers/1", "", "erase", "subscribers/1"),
  ]

  /// What has records of its own.
  private static let keptElsewhere: Set = ["POST /bounces"]

  private func send(_ chain: Chain, _ method: String, _ path: String, _ body: String = "") async -> Response {
    let parts = path.split(separator: "?", maxSplits: 1).map(String.init)
    return await chain.services.application.respond(
      to: Request(
        method: .init(rawValue: method) ?? .get,
        path: "/api/v1" + parts[0],
        query: parts.count > 1 ? parts[1] : nil,
        body: Array(body.utf8),
        peer: .unixSocket
      )
    )
  }

  private func lines(_ chain: Chain, on subject: String? = nil) async throws -> [AuditLine] {
    try await chain.services.store.read { try AuditLine.list(of: subject, before: .max, limit: 100, $0) }
  }

  /// A subscriber, a topic request and feedback of theirs.
  private func chain() async throws -> Chain {
    let folder = try TemporaryFolder()
    let chain = try await Chain(
      "2026-11-25T08:00:00Z",
      ["digest.approval": "required", "backup.folder": folder.file("backups")]
    )
    try await chain.subscribe("ann@example.org")
    try await chain.publish("m")
    try await chain.services.store.write { database in
      try database.execute(
        sql: """
          INSERT INTO topic_request (email, request, state, created_at, confirmed_at) VALUES ('ann@example.org', 'r', 'open', 1, 1);
          INSERT INTO feedback (kind, message, email, state, created_at) VALUES ('comment', 'm', 'ann@example.org', 'open', 1);
          """
      )
    }
    return chain
  }

  @Test func `every call that changes something leaves one line, and none has an address or a text`() async throws {
    let chain = try await chain()
    let routes = RouteTable(services: chain.services).routes.filter { route in
      route.pattern.hasPrefix("/api/v1/") && route.method != .get
    }.map { "\($0.method.rawValue) \($0.pattern.dropFirst("/api/v1".count))" }
    #expect(Set(routes) == Set(Self.calls.map(\.route)).union(Self.keptElsewhere))
    for (number, call) in Self.calls.enumerated() {
      if call.route == "POST /digest-runs/{id}/approve" { await chain.services.scheduler.work() }
      let method = String(call.route.prefix { $0 != " " })
      let answer = await send(chain, method, call.path, call.body)
      #expect(
        (200..<300).contains(answer.status.code),
        "\(call.route): \(String(decoding: answer.body, as: UTF8.self))"
      )
      let lines = try await lines(chain)
      #expect(lines.count == number + 1, "\(call.route)")
      #expect(lines.first?.action == call.action && lines.first?.subject == call.subject, "\(call.route)")
      #expect(lines.first?.who == "command line" && lines.first?.at == chain.clock.now)
    }
    let text = String(decoding: await send(chain, "GET", "/audit?limit=200").body, as: UTF8.self)
    for secret in ["ann@", "Dear Ann", "Secret", "cd_"] { #expect(!text.contains(secret), "\(secret)") }
    #expect(text.contains("\"request\" : \"0000000000000000\""))
  }

  @Test func `only what differs is kept, and what changes nothing leaves no line`() async throws {
    let chain = try await chain()
    _ = await send(chain, "PUT", "/councils/v", #"{"name": "Vale", "short_name": "V"}"#)
    _ = await send(chain, "PUT", "/councils/v", #"{"name": "Vale Council", "short_name": "V"}"#)
    _ = await send(chain, "PUT", "/councils/v", #"{"name": "Vale Council", "short_name": "V"}"#)
    let lines = try await lines(chain, on: "councils/v")
    #expect(lines.count == 2)
    #expect(lines[0].before == #"{"name":"Vale"}"# && lines[0].after == #"{"name":"Vale Council"}"#)
    #expect(lines[1].before == nil && lines[1].after == #"{"name":"Vale","replaces":[],"short_name":"V","slug":"v"}"#)
    _ = await send(chain, "PATCH", "/feedback/1", #"{"state": "handled"}"#)
    _ = await send(chain, "PATCH", "/feedback/1", #"{"state": "handled"}"#)
    #expect(try await self.lines(chain, on: "feedback").count == 1)
    _ = await send(chain, "POST", "/digest-runs?dry_run=true")
    #expect(try await self.lines(chain, on: "digest-runs").isEmpty)
    let refused = await send(chain, "PUT", "/councils/x", #"{"nam": "X"}"#)
    #expect(refused.status.code == 422)
    #expect(try await self.lines(chain).count == 3)
  }

  @Test func `a text that changed shows as another hash`() async throws {
    let chain = try await chain()
    let put = { (summary: String) in
      #"{"committee": "Cabinet", "starts_at": "2026-11-20T10:00:00Z", "summary": "\#(summary)"}"#
    }
    _ = await send(chain, "PUT", "/councils/w/meetings/a", put("One."))
    _ = await send(chain, "PUT", "/councils/w/meetings/a", put("Two."))
    let line = try #require(try await lines(chain, on: "councils/w/meetings/a").first)
    #expect(
      line.before?.hasPrefix(#"{"summary":"sha256:"#) == true && line.after?.hasPrefix(#"{"summary":"sha256:"#) == true
    )
    #expect(line.before != line.after)
  }

  @Test func `lines are listed newest first in pages, and below a subject`() async throws {
    let chain = try await chain()
    for slug in ["v", "v2"] { _ = await send(chain, "PUT", "/councils/\(slug)", #"{"name": "Vale"}"#) }
    _ = await send(chain, "PUT", "/councils/v/meetings/a", #"{"committee": "C", "starts_at": "2026-11-20T10:00:00Z"}"#)
    func items(_ query: String) async throws -> ([[String: Any]], next: String?) {
      let answer = await send(chain, "GET", "/audit\(query)")
      let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
      return (object?["items"] as? [[String: Any]] ?? [], object?["next"] as? String)
    }
    let first = try await items("?limit=2")
    #expect(first.0.map { $0["on"] as? String } == ["councils/v/meetings/a", "councils/v2"])
    let rest = try await items("?limit=2&after=\(first.next ?? "")")
    #expect(rest.0.map { $0["on"] as? String } == ["councils/v"] && rest.next == nil)
    #expect(try await items("?on=councils/v").0.count == 2)
    #expect(try await items("?on=/api/v1/councils/v2").0.count == 1)
    #expect((first.0[0]["after"] as? [String: Any])?["committee"] as? String == "C")
  }

  @Test func `an import is one line with its counts, however many transactions it takes`() async throws {
    let chain = try await chain()
    let lines = (1...500).map { #"{"council": {"slug": "c\#($0)", "name": "Council \#($0)"}}"# }.joined(separator: "\n")
    #expect(await send(chain, "POST", "/import", lines).status == .ok)
    let written = try await self.lines(chain)
    #expect(written.count == 1 && written.first?.after?.contains(#""councils":{"created":500,"#) == true)
    #expect(await send(chain, "POST", "/import", lines).status == .ok)
    #expect(try await self.lines(chain).count == 1, "it was so already")
    #expect(await send(chain, "POST", "/import?atomic=true", lines.replacing("Council", with: "Town")).status == .ok)
    #expect(try await self.lines(chain).first?.after?.contains(#""replaced":500"#) == true)
  }

  @Test func `a line names the key, which remembers when it was last used`() async throws {
    let chain = try await chain()
    let (key, secret) = try await chain.services.apiKeys.create(name: "laptop", role: .operator)
    let answer = await chain.services.application.respond(
      to: Request(
        method: .put,
        path: "/api/v1/councils/v",
        authority: "localhost:8080",
        fields: [.authorization: "Bearer \(secret)"],
        body: Array(#"{"name": "Vale"}"#.utf8)
      )
    )
    #expect(answer.status == .created)
    let line = try await lines(chain).first
    #expect(line?.who == "laptop" && line?.keyID == key.id)
    let used = try await eventually("the use is written down") {
      try await chain.services.apiKeys.list().first?.lastUsedAt
    }
    #expect(used == chain.clock.now)
  }
}
