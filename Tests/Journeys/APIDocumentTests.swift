import Foundation
import TestSupport
import Testing

/// `/api/openapi.json` is true: other people's programs read it, call what it describes, and find nothing else.
@Suite struct APIDocumentTests {
  private static let meeting = "/councils/anytown/meetings/2026-11-20-cabinet"

  private func service() async throws -> RunningService {
    try await RunningService(["digest.approval": "required"])
  }

  /// The councils, meetings and readers that its examples are about.
  private func fill(_ service: RunningService) async throws -> [APIReader.Answer] {
    var answers: [APIReader.Answer] = []
    let put = { (operation: String, path: String, body: Any) in
      for _ in 0..<2 { answers.append(.init(operation, try await service.api("PUT", path, body))) }
    }
    try await put("putCouncil", "/councils/anytown", ["name": "Anytown Council"])
    try await put("putTopic", "/topics/buses", ["name": "Buses", "query": "bus OR tram"])
    let meeting: [String: Any] = [
      "committee": "Cabinet", "starts_at": Date.now.addingTimeInterval(-86_400).formatted(.iso8601), "status": "held",
      "summary": "The **bus** to the hospital stays.", "transcript": "CHAIR: The bus stays.",
      "attendees": [["name": "Councillor Price", "role": "Chair", "attendance": "present"]],
      "documents": [["title": "Agenda", "url": "https://anytown.example/agenda.pdf", "kind": "agenda"]],
    ]
    try await put("putMeeting", Self.meeting, meeting)
    let lines = "{\"council\": {\"slug\": \"elsewhere\", \"name\": \"Elsewhere\"}}\n"
    answers.append(.init("importLines", try await send(service, "/import", "application/x-ndjson", lines)))
    let readers =
      "email,council,consent_at,consent_source\nann@example.org,anytown,2026-01-05T10:00:00Z,paper form\n"
    answers.append(.init("importSubscribers", try await send(service, "/subscribers/import", "text/csv", readers)))
    let mistake = [
      ("message", "The date"), ("email", "ann@example.org"), ("kind", "mistake"),
      ("meeting", "anytown/2026-11-20-cabinet"),
    ]
    #expect(try await service.client.post(form: mistake, to: "/feedback").status == 303)
    let request = [("email", "jo@paper.example"), ("request", "Buses"), ("council", "anytown")]
    #expect(try await service.client.post(form: request, to: "/topics/request").status == 303)
    let letter = try await service.waitForLetter(to: "jo@paper.example", "topic-request")
    #expect(try await service.client.post(form: [], to: RunningService.path(of: "/confirm/", in: letter)).status == 200)
    return answers
  }

  private func send(_ service: RunningService, _ path: String, _ type: String, _ body: String) async throws
    -> HTTPExchange
  {
    let headers = ["Authorization": "Bearer \(RunningService.key)", "Content-Type": type]
    return try await service.client.send("POST", "/api/v1" + path, headers: headers, body: Array(body.utf8))
  }

  private static let looks: [(operation: String, path: String)] = [
    ("listCouncils", "/councils"), ("getCouncil", "/councils/anytown"), ("listMeetings", "/councils/anytown/meetings"),
    ("getMeeting", meeting), ("listTopics", "/topics"), ("getTopic", "/topics/buses"),
    ("listTopicRequests", "/topic-requests"), ("listFeedback", "/feedback"), ("listSubscribers", "/subscribers"),
    ("getSubscriber", "/subscribers/1"), ("exportSubscriber", "/subscribers/1/export"),
    ("listDigestRuns", "/digest-runs"), ("getDigestRun", "/digest-runs/1"), ("getHold", "/hold"),
    ("previewDigest", "/digest-runs/1/preview?subscriber=1"),
    ("explain", "/explain?subscriber=1&meeting=anytown/2026-11-20-cabinet"), ("listAPIKeys", "/api-keys"),
    ("listBackups", "/backups"), ("getStats", "/stats"), ("listAudit", "/audit"),
    ("exportContent", "/export/content"), ("exportContent", "/export/content?after=meeting:0"),
    ("exportSubscribers", "/export/subscribers"),
  ]

  private static var changes: [(operation: String, method: String, path: String, body: [String: Any]?)] {
    [
      ("startDigestRun", "POST", "/digest-runs?dry_run=true", nil),
      ("startDigestRun", "POST", "/digest-runs", nil),
      ("cancelDigestRun", "POST", "/digest-runs/1/cancel", nil),
      ("startDigestRun", "POST", "/digest-runs", nil),
      // Held, so that it is still under way when it is paused.
      ("changeHold", "POST", "/hold", ["hold": true, "reason": "Because"]),
      ("approveDigestRun", "POST", "/digest-runs/2/approve", nil),
      ("pauseDigestRun", "POST", "/digest-runs/2/pause", nil),
      ("resumeDigestRun", "POST", "/digest-runs/2/resume", nil),
      ("sendTestDigest", "POST", "/digest-runs/test", ["to": "me@council.example", "council": "anytown"]),
      ("changeSubscriber", "PATCH", "/subscribers/1", ["professional_until": "2099-01-01T00:00:00Z"]),
      ("decideTopicRequest", "PATCH", "/topic-requests/1", ["state": "accepted", "query": "bus", "reply": "Here."]),
      ("handleFeedback", "PATCH", "/feedback/1", ["state": "handled", "reply": "Thank you."]),
      ("takeBounce", "POST", "/bounces", ["recipient": "ann@example.org", "kind": "soft", "status": "4.2.2"]),
      ("createAPIKey", "POST", "/api-keys", ["name": "laptop", "role": "editor"]),
      ("createBackup", "POST", "/backups", nil),
      ("changeHold", "POST", "/hold", ["release": "resend"]),
    ]
  }

  private static let endings: [(operation: String, path: String)] = [
    ("revokeAPIKey", "/api-keys/1"), ("deleteMeeting", meeting), ("eraseSubscriber", "/subscribers/1"),
    ("deleteTopic", "/topics/buses"), ("deleteCouncil", "/councils/elsewhere"),
  ]

  @Test func `the document is valid, its examples fit, and every call answers as it says`() async throws {
    let service = try await service()
    var answers = try await fill(service)
    for change in Self.changes {
      let answer = try await service.api(change.method, change.path, change.body)
      answers.append(.init(change.operation, answer))
      if change.path == "/digest-runs" { try await waitForPlan(service, try answer.object()["id"] ?? "") }
    }
    for look in Self.looks { answers.append(.init(look.operation, try await service.api("GET", look.path))) }
    for ending in Self.endings { answers.append(.init(ending.operation, try await service.api("DELETE", ending.path))) }
    let document = try await service.client.get("/api/openapi.json").body
    let problems = try await APIReader.problems(in: document, answers: answers)
    #expect(problems == [])
  }

  private func waitForPlan(_ service: RunningService, _ run: Any) async throws {
    _ = try await eventually("the run is planned") {
      try await service.api("GET", "/digest-runs/\(run)").object()["state"] as? String == "planning" ? nil : true
    }
  }

  @Test func `no call, however made, is answered with a fault or with what the document does not say`() async throws {
    let service = try await service()
    _ = try await fill(service)
    let run = try await service.api("POST", "/digest-runs")
    try await waitForPlan(service, try run.object()["id"] ?? "")
    let objections = try await APIReader.objections(to: service, examples: Machine.isPatient ? 200 : 3)
    #expect(objections == nil)
    #expect(!service.log.contains("http.failure"))
  }
}
