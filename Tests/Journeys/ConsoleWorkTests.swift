import Foundation
import TestSupport
import Testing

/// What an operator does in the console.
@Suite struct ConsoleWorkTests {
  private func service(_ settings: [String: String] = [:]) async throws -> RunningService {
    let service = try await RunningService(settings)
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting())
    try await service.subscribe("ann@resident.example", to: "w")
    return service
  }

  @Test func `a run is started, looked at, approved and seen to its end`() async throws {
    let service = try await service(["digest.approval": "required"])
    let console = try await Console(service)
    #expect(try await console.get("").text.contains("Start this week’s run now"))
    let plan = try await console.post("/next")
    #expect(plan.status == 200 && plan.text.contains("/operator/runs/next/letters/1"))
    #expect(try await console.get("/start").text.contains("Yes, start it"))
    #expect(try await service.api("GET", "/digest-runs").object()["items"] as? [String] == [])
    #expect(try await console.post("/start").field("location") == "/operator?done=started")
    #expect(try await console.post("/start").field("location") == "/operator?done=started-before")
    _ = try await eventually("the run is planned") {
      try await console.get("").text.contains("/operator/runs/1/approve") ? true : nil
    }
    let ask = try await console.get("/runs/1/approve")
    #expect(ask.text.contains("1 letter will leave") && ask.text.contains("/operator/runs/1/letters/1"))
    let letter = try await console.get("/runs/1/letters/1")
    #expect(letter.status == 200 && letter.text.contains("ann@resident.example"))
    let html = try await console.get("/runs/1/letters/1/html")
    #expect(html.text.contains("Your weekly summary"))
    #expect(html.field("content-security-policy")?.hasSuffix("frame-ancestors 'self'; sandbox") == true)
    #expect(try service.letters(to: "ann@resident.example", "digest").isEmpty)

    let unsure = try await console.post("/runs/1/cancel")
    #expect(unsure.status == 422 && unsure.text.contains("href=\"#sure\""))
    #expect(try await console.post("/runs/1/approve").field("location") == "/operator?done=approved")
    _ = try await service.waitForLetter(to: "ann@resident.example", "digest")
    _ = try await eventually("the run is over") {
      try await console.get("").text.contains("1 of 1 letter dealt with") ? true : nil
    }
    let late = try await console.post("/runs/1/approve")
    #expect(late.status == 409 && late.text.contains("can’t be changed by approve"))
    #expect(try await console.post("/runs/9/pause").status == 404)
    let audit = try await console.get("/audit").text
    for part in ["admin.token", "start", "approve", "digest-runs/1", "awaiting_approval"] {
      #expect(audit.contains(part), "\(part)")
    }
    let figures = try await console.get("/figures").text
    #expect(figures.contains("Sent 1 at most and 1 this week") && figures.contains("Joined 1 at most"))
  }

  @Test func `a run is paused, resumed and cancelled, each by its button`() async throws {
    let service = try await service(["digest.approval": "required"])
    let console = try await Console(service)
    _ = try await console.post("/hold", [("hold", "yes"), ("reason", "<b>looking</b>")])
    let held = try await console.get("").text
    #expect(held.contains("held back since") && held.contains("&lt;b&gt;looking&lt;/b&gt;"))
    _ = try await console.post("/start")
    #expect(try await console.get("/runs/1/cancel").text.contains("I am sure"))
    #expect(try await console.post("/runs/1/pause").status == 409)
    #expect(try await console.post("/runs/1/cancel", [("sure", "yes")]).field("location") == "/operator?done=cancelled")
    let page = try await console.get("?done=cancelled").text
    #expect(
      page.contains("Cancelled: what had not left is not sent by this run.") && page.contains("has had no run yet")
    )
    #expect(!(try await console.get("?done=%3Cscript%3E").text.contains("script")))
  }

  @Test func `a run under way is watched only by who asks for it, and let go, paused and resumed`() async throws {
    let service = try await service(["digest.canary_letters": "1", "digest.canary_minutes": "60"])
    try await service.subscribe("bob@resident.example", to: "w")
    let console = try await Console(service)
    #expect(try await console.get("?watch=on").field("refresh") == nil)
    _ = try await console.post("/start")
    _ = try await eventually("the first letter has left") {
      try await console.get("").text.contains("First letters sent") ? true : nil
    }
    #expect(try await console.get("").field("refresh") == nil)
    let watched = try await console.get("?watch=on")
    #expect(watched.field("refresh") == "10" && watched.text.contains("Stop that"))
    #expect(
      watched.text.contains("<progress id=\"progress-1\" value=\"1\" max=\"2\">1 of 2 letters dealt with</progress>")
    )
    #expect(watched.text.contains("Let the others go"))
    #expect(try await console.post("/runs/1/pause").field("location") == "/operator?done=paused")
    let paused = try await console.get("?watch=on")
    #expect(paused.field("refresh") == nil && paused.text.contains("is paused") && paused.text.contains("Resume"))
    #expect(try await console.post("/runs/1/resume").field("location") == "/operator?done=resumed")
    _ = try await eventually("the run is over") {
      try await console.get("").text.contains("2 of 2 letters dealt with") ? true : nil
    }
  }

  @Test func `a hold is released by a choice, and a wrong date is kept and named`() async throws {
    let service = try await service()
    let console = try await Console(service)
    #expect(try await console.post("/hold", [("release", "resend")]).status == 409)
    #expect(try await console.post("/hold", [("hold", "yes")]).field("location") == "/operator/hold?done=held")
    let page = try await console.get("/hold").text
    #expect(page.contains("Digests are held back") && page.contains("What would be caught up"))
    #expect(try await console.post("/hold").status == 422)
    for until in ["", "soon", "2026-02-30T08:00", "2099-01-01T08:00"] {
      let form = [("release", "treat_as_sent_until"), ("until", until)]
      let refused = try await console.post("/hold", form)
      #expect(refused.status == 422 && refused.text.contains("href=\"#until\""), "\(until)")
      #expect(refused.text.contains("value=\"\(until)\""), "\(until)")
      #expect(refused.text.contains("value=\"treat_as_sent_until\" checked"))
    }
    let form = [("release", "treat_as_sent_until"), ("until", "2026-01-05T08:00")]
    #expect(try await console.post("/hold", form).field("location") == "/operator/hold?done=released")
    #expect(try await service.api("GET", "/hold").object()["held"] as? Bool == false)
    let lines = try await service.api("GET", "/audit?on=hold").object()["items"] as? [[String: Any]]
    #expect((lines?.first?["after"] as? [String: Any])?["until"] as? String == "2026-01-05T08:00:00Z")
  }

  @Test func `topic requests are accepted and declined, and mistakes keep what was typed`() async throws {
    let service = try await service()
    let console = try await Console(service)
    for (address, words) in [
      ("jo@paper.example", "How long do children wait? <script>x</script>"), ("lee@paper.example", "Roads"),
    ] {
      _ = try await service.client.post(form: [("email", address), ("request", words)], to: "/topics/request")
      let letter = try await service.waitForLetter(to: address, "topic-request")
      _ = try await service.client.post(form: [], to: try RunningService.path(of: "/confirm/", in: letter))
    }
    let page = try await console.get("/requests").text
    #expect(page.contains("&lt;script&gt;x") && !page.contains("<script>x") && page.contains("lee@paper.example"))
    #expect(page.contains("name=\"query\" value=\"") && page.contains("href=\"/query?q="))

    let broken = [("state", "accepted"), ("query", "children OR"), ("reply", "Kept & \"quoted\"")]
    let refused = try await console.post("/requests/1", broken)
    #expect(refused.status == 422 && refused.text.contains("href=\"#query-accept-1\""))
    #expect(refused.text.contains("value=\"children OR\"") && refused.text.contains("Kept &amp; &quot;quoted&quot;"))
    let silent = try await console.post("/requests/2", [("state", "declined"), ("reply", " ")])
    #expect(
      silent.status == 422 && silent.text.contains("href=\"#reply-decline-2\"")
        && silent.text.contains("<details open>")
    )

    let accepted = try await console.post("/requests/1", [("state", "accepted"), ("query", "children"), ("reply", "")])
    #expect(accepted.field("location") == "/operator/requests?done=accepted")
    _ = try await service.waitForLetter(to: "jo@paper.example", "topic-accepted")
    let again = try await console.post("/requests/1", [("state", "accepted"), ("query", "children")])
    #expect(again.status == 409 && again.text.contains("has been accepted already"))
    let declined = try await console.post("/requests/2", [("state", "declined"), ("reply", "Too wide.")])
    #expect(declined.field("location") == "/operator/requests?done=declined")
    #expect(try await service.waitForLetter(to: "lee@paper.example", "topic-declined").text.contains("Too wide."))
    #expect(try await console.get("/requests").text.contains("None is open."))
    #expect(try await console.post("/requests/99", [("state", "declined"), ("reply", "x")]).status == 404)
  }

  @Test func `feedback is answered or only handled`() async throws {
    let service = try await service()
    let console = try await Console(service)
    _ = try await service.client.post(
      form: [
        ("message", "7 to 5, <i>not</i> 5 to 7."), ("email", "ann@resident.example"), ("meeting", "w/a"),
        ("kind", "mistake"),
      ],
      to: "/feedback"
    )
    _ = try await service.client.post(form: [("message", "Thanks")], to: "/feedback")
    let page = try await console.get("/feedback").text
    #expect(
      page.contains("&lt;i&gt;not&lt;/i&gt;") && page.contains("/councils/w/meetings/a")
        && page.contains("No address was left")
    )
    let long = String(repeating: "x", count: 4_001)
    let refused = try await console.post("/feedback/1", [("reply", long)])
    #expect(refused.status == 422 && refused.text.contains("href=\"#reply-1\"") && refused.text.contains(long))
    #expect(
      try await console.post("/feedback/1", [("reply", "Corrected.")]).field("location")
        == "/operator/feedback?done=handled"
    )
    #expect(try await service.waitForLetter(to: "ann@resident.example", "feedback-reply").text.contains("Corrected."))
    #expect(try await console.post("/feedback/2").status == 303)
    #expect(try await console.get("/feedback?done=handled").text.contains("None is open."))
  }

  @Test func `the audit goes back page by page, and names of keys are only words in it`() async throws {
    let service = try await RunningService()
    let console = try await Console(service)
    _ = try await service.api("POST", "/api-keys", ["name": "<img src=x onerror=alert(1)>", "role": "reader"])
    for number in 0..<60 { _ = try await service.api("PUT", "/councils/c\(number)", ["name": "Council \(number)"]) }
    let first = try await console.get("/audit").text
    #expect(first.contains("councils/c59") && !first.contains("councils/c0<"))
    let next = try #require(first.firstMatch(of: /rel="next" href="\/operator([^"]+)"/)?.1)
    let second = try await console.get(String(next)).text
    #expect(second.contains("councils/c0<") && second.contains("&lt;img src=x") && !second.contains("<img src=x"))
    let one = try await console.get("/audit?on=councils%2Fc7").text
    #expect(one.contains("councils/c7<") && !one.contains("councils/c8<"))
  }
}
