import Foundation
import TestSupport
import Testing

/// The main job as people meet it: only HTTP in, pages and letters out.
@Suite struct MainJourneyTests {
  private func withMeeting(_ settings: [String: String] = [:]) async throws -> RunningService {
    let service = try await RunningService(settings)
    #expect(try await service.api("PUT", "/councils/worcestershire", Samples.council).status == 201)
    let put = try await service.api("PUT", "/councils/worcestershire/meetings/panel", Samples.meeting())
    #expect(put.status == 201, "\(put.text)")
    return service
  }

  @Test func `a meeting reaches a subscriber who then leaves`() async throws {
    let service = try await withMeeting()
    try await service.subscribe("ann@resident.example", to: "worcestershire")

    let run = try await service.runDigest()
    #expect(run["state"] as? String == "sent")
    #expect(run["recipients"] as? Int == 1 && run["sent"] as? Int == 1)

    let letter = try await service.waitForLetter(to: "ann@resident.example", "digest")
    #expect(letter.first("subject")?.contains("Worcestershire") == true)
    #expect(letter.text.contains("Children and Families Overview and Scrutiny Panel"))
    #expect(letter.text.contains("SEND Local Area Partnership") && letter.html.contains("SEND Local Area Partnership"))
    #expect(!letter.text.contains("xylophone") && !letter.html.contains("xylophone"))
    let link = try #require(letter.first("list-unsubscribe")).dropFirst().dropLast()
    #expect(letter.first("list-unsubscribe-post") == "List-Unsubscribe=One-Click")
    for name in ["list-id", "list-help", "precedence", "feedback-id", "auto-submitted", "date", "message-id"] {
      #expect(letter.first(name) != nil, "\(name)")
    }
    #expect(letter.text.components(separatedBy: "\n").contains(String(link)))

    let path = try #require(URL(string: String(link))).path
    let page = try await service.client.get(path)
    #expect(page.status == 200 && page.text.contains("<button"))
    #expect(page.field("cache-control") == "no-store" && page.field("referrer-policy") == "no-referrer")
    #expect(try await service.client.send("HEAD", path).status == 200)
    #expect(try await state(of: "ann@resident.example", service) == "active")

    let oneClick = try await service.client.post(
      form: [("List-Unsubscribe", "One-Click")],
      to: path,
      headers: ["Origin": "https://mail.example"]
    )
    #expect(oneClick.status == 200 && oneClick.field("set-cookie") == nil)
    #expect(try await state(of: "ann@resident.example", service) == "unsubscribed")
  }

  @Test func `one-click by multipart works, and works again`() async throws {
    let service = try await withMeeting()
    try await service.subscribe("bob@resident.example", to: "worcestershire")
    _ = try await service.runDigest()
    let letter = try await service.waitForLetter(to: "bob@resident.example", "digest")
    let path = try RunningService.path(of: "/unsubscribe/", in: letter)
    let body = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"
    for _ in 0..<2 {
      let answer = try await service.client.send(
        "POST",
        path,
        headers: ["Content-Type": "multipart/form-data; boundary=x"],
        body: Array(body.utf8)
      )
      #expect(answer.status == 200)
    }
    #expect(try await state(of: "bob@resident.example", service) == "unsubscribed")
  }

  @Test func `a week has one run, and a second start sends nothing more`() async throws {
    let service = try await withMeeting()
    try await service.subscribe("ann@resident.example", to: "worcestershire")
    let first = try await service.runDigest()
    let again = try await service.api("POST", "/digest-runs")
    #expect(again.status == 200)
    #expect(try again.object()["id"] as? Int == first["id"] as? Int)
    #expect(try service.letters(to: "ann@resident.example", "digest").count == 1)
    #expect(try await service.api("POST", "/digest-runs", ["week": "2020-W01"]).status == 409)
    #expect(try await service.api("POST", "/digest-runs", ["week": "2099-W01"]).status == 422)
    #expect(try await service.api("POST", "/digest-runs", ["week": "soon"]).status == 422)
  }

  @Test func `a quiet week says so, and says why`() async throws {
    let service = try await RunningService(isFirstStart: true)
    _ = try await service.api("PUT", "/councils/quiet", ["name": "Quiet Council"])
    _ = try await service.api("PUT", "/councils/late", ["name": "Late Council"])
    let starts = Date().addingTimeInterval(-86_400).formatted(.iso8601)
    _ = try await service.api(
      "PUT",
      "/councils/late/meetings/m",
      ["committee": "Cabinet", "starts_at": starts, "status": "held"]
    )
    try await service.subscribe("ann@resident.example", to: "quiet", "late")
    _ = try await service.runDigest()
    let letter = try await service.waitForLetter(to: "ann@resident.example", "digest")
    #expect(letter.first("subject")?.hasPrefix("A quiet week") == true)
    #expect(letter.text.contains("No meetings took place"))
    #expect(letter.text.contains("has not been published yet"))
  }

  @Test func `with quiet weeks skipped there is no letter and the run still ends`() async throws {
    let service = try await RunningService(["digest.quiet_weeks": "skip"])
    _ = try await service.api("PUT", "/councils/quiet", ["name": "Quiet Council"])
    try await service.subscribe("ann@resident.example", to: "quiet")
    let run = try await service.runDigest()
    #expect(run["recipients"] as? Int == 0 && run["state"] as? String == "sent")
  }

  @Test func `one reader's items never reach another`() async throws {
    let service = try await withMeeting()
    _ = try await service.api("PUT", "/councils/other", ["name": "Other Council"])
    _ = try await service.api(
      "PUT",
      "/councils/other/meetings/secret",
      Samples.meeting(committee: "Aardvark Committee")
    )
    try await service.subscribe("ann@resident.example", to: "worcestershire")
    try await service.subscribe("bob@resident.example", to: "other/aardvark-committee")
    _ = try await service.runDigest()
    let ann = try await service.waitForLetter(to: "ann@resident.example", "digest")
    let bob = try await service.waitForLetter(to: "bob@resident.example", "digest")
    #expect(!ann.text.contains("Aardvark") && !ann.html.contains("Aardvark"))
    #expect(bob.text.contains("Aardvark") && !bob.text.contains("Children and Families"))
    #expect(bob.text.contains("You follow Aardvark Committee, Other Council"))
  }

  @Test func `old meetings are archive unless the operator says otherwise`() async throws {
    let service = try await withMeeting()
    _ = try await service.api(
      "PUT",
      "/councils/worcestershire/meetings/old",
      Samples.meeting(daysAgo: 90, committee: "Old Committee")
    )
    var told = Samples.meeting(daysAgo: 90, committee: "Told Committee")
    told["notify"] = true
    _ = try await service.api("PUT", "/councils/worcestershire/meetings/told", told)
    try await service.subscribe("ann@resident.example", to: "worcestershire")
    _ = try await service.runDigest()
    let letter = try await service.waitForLetter(to: "ann@resident.example", "digest")
    #expect(!letter.text.contains("Old Committee") && letter.text.contains("Told Committee"))
  }

  @Test func `approval holds a run until the operator lets it go`() async throws {
    let service = try await withMeeting(["digest.approval": "required"])
    try await service.subscribe("ann@resident.example", to: "worcestershire")
    let id = try #require(try await service.api("POST", "/digest-runs").object()["id"])
    _ = try await eventually("it waits") {
      try await service.api("GET", "/digest-runs/\(id)").object()["state"] as? String == "awaiting_approval"
        ? true : nil
    }
    #expect(try service.letters(to: "ann@resident.example", "digest").isEmpty)
    #expect(try await service.api("POST", "/digest-runs/\(id)/resume").status == 409)
    #expect(try await service.api("POST", "/digest-runs/\(id)/approve").status == 200)
    _ = try await service.waitForLetter(to: "ann@resident.example", "digest")
  }

  @Test func `a dry run counts and sends nothing`() async throws {
    let service = try await withMeeting()
    try await service.subscribe("ann@resident.example", to: "worcestershire")
    let plan = try await service.client.send(
      "POST",
      "/api/v1/digest-runs?dry_run=true",
      headers: ["Authorization": "Bearer \(RunningService.key)"]
    )
    #expect(plan.status == 200)
    #expect(try plan.object()["recipients"] as? Int == 1 && plan.object()["editions"] as? Int == 1)
    #expect(try #require(try await service.api("GET", "/digest-runs").object()["items"] as? [Any]).isEmpty)
  }

  private func state(of address: String, _ service: RunningService) async throws -> String? {
    let items = try await service.api("GET", "/subscribers?email=\(address)").object()["items"] as? [[String: Any]]
    return items?.first?["state"] as? String
  }
}
