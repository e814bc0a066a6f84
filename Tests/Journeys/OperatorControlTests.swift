import Foundation
import TestSupport
import Testing

/// What an operator does with a run beside approving it.
@Suite struct OperatorControlTests {
  @Test func `a dry run tells who, what and what to look at, and writes nothing`() async throws {
    let service = try await RunningService()
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting())
    var empty = Samples.meeting()
    empty["summary"] = "<!-- nothing to see -->"
    _ = try await service.api("PUT", "/councils/w/meetings/empty", empty)
    try await service.subscribe("ann@resident.example", to: "w")
    let plan = try await service.api("POST", "/digest-runs?dry_run=true").object()
    #expect(plan["recipients"] as? Int == 1 && plan["editions"] as? Int == 1 && plan["meetings"] as? Int == 2)
    let sizes = try #require(plan["sizes"] as? [String: Any])
    #expect((sizes["largest_bytes"] as? Int ?? 0) > 2_000 && sizes["limit_bytes"] as? Int == 81_920)
    let warnings = try #require(plan["warnings"] as? [[String: Any]])
    #expect(
      warnings.contains { $0["kind"] as? String == "blank" && ($0["detail"] as? String)?.contains("w/empty") == true }
    )
    let sent = try #require(plan["most_sent"] as? [[String: Any]])
    let preview = try await service.api(
      "GET",
      "/digest-runs/next/preview?subscriber=\(sent[0]["example_subscriber"] ?? 0)"
    )
    #expect(preview.status == 200 && preview.text.contains("Subject: \(sent[0]["subject"] ?? "")".prefix(30)))
    let early = try await service.api("GET", "/digest-runs/next/preview?subscriber=1&at=2020-01-01T00:00:00Z")
    #expect(early.status == 404)
    #expect(try await service.api("GET", "/digest-runs/next/preview?subscriber=1&at=soon").status == 422)
    #expect(try await service.api("GET", "/digest-runs").object()["items"] as? [String] == [])
    #expect(try service.letters(to: "ann@resident.example", "digest").isEmpty)
    #expect(plan["existing_run"] == nil)
    let run = try await service.runDigest()
    let after = try await service.api("POST", "/digest-runs?dry_run=true").object()
    #expect((after["existing_run"] as? [String: Any])?["state"] as? String == "sent")
    let said = try await service.atTerminal(try #require(Machine.program("script")), "digest", "preview")
    #expect(said.contains("\(run["week"] ?? "") has its run already: number 1, sent."), "\(said)")
    let later = Date().addingTimeInterval(7 * 86_400).formatted(.iso8601)
    #expect(try await !service.api("POST", "/digest-runs?dry_run=true&at=\(later)").text.contains("existing_run"))
  }

  @Test func `the dry run of a week whose run waits counts its letters and says so`() async throws {
    let service = try await RunningService(["digest.approval": "required"])
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting())
    try await service.subscribe("ann@resident.example", to: "w")
    _ = try await service.api("POST", "/digest-runs")
    _ = try await eventually("the run is planned") {
      try await service.api("GET", "/digest-runs/1").text.contains("awaiting_approval") ? true : nil
    }
    let why = try await service.api("GET", "/explain?subscriber=1&meeting=w/a").text
    #expect(why.contains("leaves when the run is approved"), "\(why)")
    let said = try await service.atTerminal(try #require(Machine.program("script")), "digest", "preview")
    #expect(said.contains("would send 1 letter") && said.contains("are among those that follow"), "\(said)")
  }

  @Test func `what is misspelt or empty begins no run`() async throws {
    let service = try await RunningService()
    for query in ["dry_run=", "dry_run=yes", "dry_run", "dry_run=true&dry_run=false", "dryrun=true", "DRY_RUN=true"] {
      let answer = try await service.api("POST", "/digest-runs?\(query)")
      let name = query.prefix { $0 != "=" }
      #expect(answer.status == 422 && answer.text.contains("\"\(name)\""), "\(query): \(answer.text)")
    }
    for week: Any in ["", " ", NSNull(), 47, "2026-W99"] {
      let answer = try await service.api("POST", "/digest-runs", ["week": week])
      #expect(answer.status == 422 && answer.text.contains("/week"), "\(week): \(answer.text)")
    }
    let runs = try await service.api("GET", "/digest-runs").object()["items"] as? [Any]
    #expect(runs?.isEmpty == true)
  }

  @Test func `a test letter is marked, goes to one address and leaves no subscriber`() async throws {
    let service = try await RunningService()
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting())
    let answer = try await service.api(
      "POST",
      "/digest-runs/test",
      ["to": "op@resident.example", "council": "w", "query": "\"clearer chart\""]
    )
    #expect(answer.status == 202, "\(answer.text)")
    let letter = try await service.waitForLetter(to: "op@resident.example", "digest-test")
    #expect(letter.first("subject")?.hasPrefix("[Test] ") == true)
    #expect(
      letter.text.contains("THIS IS A TEST") && letter.first("list-unsubscribe-post") == "List-Unsubscribe=One-Click"
    )
    #expect(letter.text.contains("It matches"))
    for part in ["/unsubscribe/", "/preferences/"] {
      let path = try RunningService.path(of: part, in: letter)
      let page = try await service.client.get(path)
      #expect(page.status == 200 && page.text.contains("A test letter"))
    }
    let path = try RunningService.path(of: "/unsubscribe/", in: letter)
    #expect(try await service.client.post(form: [("List-Unsubscribe", "One-Click")], to: path).status == 200)
    #expect(try await service.api("GET", "/subscribers").object()["items"] as? [String] == [])
    for (wish, pointer) in [
      (["council": "w"], "/to"), (["to": "x"], "/to"), (["to": "a@b.example", "council": "z"], "/council"),
      (["to": "a@b.example", "topic": "z"], "/topic"), (["to": "a@b.example", "query": "a OR"], "/query"),
    ] {
      let refused = try await service.api("POST", "/digest-runs/test", wish)
      #expect(refused.status == 422 && refused.text.contains("\"\(pointer)\""), "\(wish): \(refused.text)")
    }
  }

  @Test func `explain says why a meeting was or was not in a digest`() async throws {
    let service = try await RunningService()
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/x", ["name": "Exbury"])
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting())
    _ = try await service.api("PUT", "/councils/x/meetings/other", Samples.meeting())
    try await service.subscribe("ann@resident.example", to: "w")
    func explain(_ subscriber: String, _ meeting: String, _ week: String = "") async throws -> [String: Any] {
      try await service.api("GET", "/explain?subscriber=\(subscriber)&meeting=\(meeting)\(week)").object()
    }
    func because(_ answer: [String: Any]) -> String { (answer["because"] as? [String] ?? []).joined(separator: " ") }
    #expect(because(try await explain("1", "w/a")).contains("no digest run"))
    let run = try await service.runDigest()
    let carried = try await explain("ann@resident.example", "w/a")
    #expect(carried["carried"] as? Bool == true && carried["letter"] as? String == "sent")
    #expect(because(carried).contains("follows") && because(carried).contains("accepted by the relay"))
    let foreign = try await explain("1", "x/other")
    #expect(foreign["carried"] as? Bool == false && because(foreign).contains("The reader followed"))
    _ = try await service.api("PUT", "/councils/w/meetings/late", Samples.meeting())
    #expect(because(try await explain("1", "w/late")).contains("after the run had closed"))
    var plain = Samples.meeting()
    plain["summary"] = nil
    _ = try await service.api("PUT", "/councils/w/meetings/plain", plain)
    #expect(because(try await explain("1", "w/plain")).contains("no summary"))
    var old = Samples.meeting()
    old["starts_at"] = "2020-01-01T10:00:00Z"
    _ = try await service.api("PUT", "/councils/w/meetings/old", old)
    #expect(because(try await explain("1", "w/old")).contains("archive"))
    try await service.subscribe("bob@resident.example", to: "w")
    #expect(
      because(try await explain("bob@resident.example", "w/a", "&week=\(run["week"] ?? "")")).contains("after the run")
    )
    let before = try await explain("1", "w/late", "&week=2026-W01")
    #expect(before["carried"] as? Bool == false && !because(before).contains("had it already"))
    #expect(try await service.api("GET", "/explain?subscriber=9&meeting=w/a").status == 404)
    #expect(try await service.api("GET", "/explain?subscriber=1&meeting=w/zzz").status == 404)
    #expect(try await service.api("GET", "/explain?meeting=w").status == 422)
    #expect(try await service.api("GET", "/explain?subscriber=1&meeting=w/a&week=47").status == 422)
  }

  @Test func `mail is held and released by call and by command`() async throws {
    let service = try await RunningService()
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting())
    try await service.subscribe("ann@resident.example", to: "w")
    #expect(try await service.api("GET", "/hold").object()["held"] as? Bool == false)
    #expect(try await service.command("hold", "--reason", "looking").status == 0)
    let held = try await service.api("GET", "/hold").object()
    #expect(held["held"] as? Bool == true && held["reason"] as? String == "looking")
    #expect((held["would_catch_up"] as? [String: Any])?["recipients"] as? Int == 1)
    #expect(try await service.api("POST", "/digest-runs").status == 201)
    // Somebody who confirms meanwhile has their letter; the run that waits does not begin.
    try await service.subscribe("new@resident.example", to: "w")
    #expect(try service.letters(to: "ann@resident.example", "digest").isEmpty)
    for (wish, pointer) in [
      (["release": "treat_as_sent_until"], "/until"), (["release": "now"], "/release"),
      (["release": "treat_as_sent_until", "until": "2099-01-01T00:00:00Z"], "/until"), ([:], "/release"),
    ] {
      let refused = try await service.api("POST", "/hold", wish)
      #expect(refused.status == 422 && refused.text.contains("\"\(pointer)\""), "\(refused.text)")
    }
    #expect(try await service.command("release", "resend").status == 0)
    _ = try await service.waitForLetter(to: "ann@resident.example", "digest")
    #expect(try await service.api("POST", "/hold", ["release": "resend"]).status == 409)
  }

  @Test func `the operator hears of what needs a person`() async throws {
    let service = try await RunningService(["digest.approval": "required", "operator.notify": "op@council.example"])
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    try await service.subscribe("ann@resident.example", to: "w")
    _ = try await service.api("POST", "/digest-runs")
    let notice = try await service.waitForLetter(to: "op@council.example", "operator-notice")
    #expect(notice.text.contains("council-digest digest approve 1"))
    _ = try await service.client.post(form: [("message", "The chair was Ms Ames.\nNot Mr.")], to: "/feedback")
    _ = try await eventually("a second notice") {
      try service.letters(to: "op@council.example", "operator-notice")
        .first { $0.text.contains("The chair was Ms Ames.\nNot Mr.") }
    }
    // A stranger can't fill the mailbox.
    for number in 0..<30 { _ = try await service.client.post(form: [("message", "m\(number)")], to: "/feedback") }
    _ = try await service.command("digest", "status")
    #expect(try service.letters(to: "op@council.example", "operator-notice").count <= 20)
  }
}
