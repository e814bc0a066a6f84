import Foundation
import TestSupport
import Testing

@Suite struct BounceJourneyTests {
  private func service() async throws -> (RunningService, messageID: String, returnPath: String) {
    let service = try await RunningService(["mail.bounce_address": "b@bounces.example"])
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting())
    try await service.subscribe("ann@resident.example", to: "w")
    _ = try await service.runDigest()
    let digest = try await service.waitForLetter(to: "ann@resident.example", "digest")
    let path = (digest.first("return-path") ?? "").trimmingCharacters(in: CharacterSet(charactersIn: "<>"))
    return (service, digest.first("message-id") ?? "", path)
  }

  private func report(to returnPath: String = "x@y.example", _ messageID: String = "", status: String = "5.1.1")
    -> [UInt8]
  {
    Array(
      """
      From: MAILER-DAEMON@relay.example
      Subject: Undelivered Mail Returned to Sender
      To: \(returnPath)
      Content-Type: multipart/report; boundary=B

      --B
      Content-Type: message/delivery-status

      Final-Recipient: rfc822; ann@resident.example
      Action: failed
      Status: \(status)

      --B
      Content-Type: text/rfc822-headers

      \(messageID.isEmpty ? "Subject: x" : "Message-ID: \(messageID)")

      --B--
      """.utf8
    )
  }

  private func post(_ service: RunningService, _ message: [UInt8]) async throws -> [String: Any] {
    let answer = try await service.client.send(
      "POST",
      "/api/v1/bounces",
      headers: ["Authorization": "Bearer \(RunningService.key)", "Content-Type": "message/rfc822"],
      body: message
    )
    #expect(answer.status == 200, "\(answer.text)")
    return (try answer.object()["items"] as? [[String: Any]])?.first ?? [:]
  }

  private func state(_ service: RunningService) async throws -> String? {
    try await service.api("GET", "/subscribers/1").object()["state"] as? String
  }

  @Test func `a report to the return address of a letter suppresses its reader, who may come back`() async throws {
    let (service, _, returnPath) = try await service()
    #expect(returnPath.hasPrefix("b+") && returnPath.hasSuffix("@bounces.example"))
    let item = try await post(service, report(to: returnPath))
    #expect(item["outcome"] as? String == "suppressed" && item["evidence"] as? String == "verp")
    #expect(try await state(service) == "suppressed")
    #expect(try await post(service, report(to: returnPath))["outcome"] as? String == "known")
    _ = try await service.client.post(form: [("email", "ann@resident.example"), ("council", "w")], to: "/subscribe")
    let confirmation = try await eventually("a second confirmation") {
      let letters = try service.letters(to: "ann@resident.example", "confirmation")
      return letters.count == 2 ? letters.last : nil
    }
    _ = try await service.client.post(form: [], to: try RunningService.path(of: "/confirm/", in: confirmation))
    #expect(try await state(service) == "active")
  }

  @Test func `the Message-ID alone is enough, and a complaint too`() async throws {
    let (service, messageID, _) = try await service()
    #expect(try await post(service, report(messageID))["evidence"] as? String == "message-id")
    #expect(try await state(service) == "suppressed")
  }

  @Test func `what is forged, temporary or only names an address suppresses nobody`() async throws {
    let (service, messageID, returnPath) = try await service()
    let forged = returnPath.replacing(/-[a-z2-7]+@/, with: "-aaaaaaaaaaaaaaaa@")
    #expect(
      try await post(service, report(to: forged, "<digest.1-aaaa@x.example>"))["outcome"] as? String == "unmatched"
    )
    #expect(try await post(service, report())["outcome"] as? String == "noted", "it counts for nothing")
    #expect(try await post(service, report())["outcome"] as? String == "known", "once a day")
    #expect(try await post(service, report(messageID, status: "4.2.2"))["kind"] as? String == "soft")
    #expect(try await state(service) == "active")
    // And stands in the way of no real report.
    #expect(try await post(service, report(messageID))["outcome"] as? String == "suppressed")
  }

  @Test func `a report that says more than the one before counts, until the mailbox proves that it works`() async throws
  {
    let (service, messageID, _) = try await service()
    func take(_ status: String?, _ reference: [String: String] = ["recipient": "ann@resident.example"]) async throws
      -> String?
    {
      let body = reference.merging(["kind": "hard"].merging(status.map { ["status": $0] } ?? [:]) { $1 }) { $1 }
      let items = try await service.api("POST", "/bounces", body).object()["items"] as? [[String: Any]]
      return items?.first?["outcome"] as? String
    }
    for (status, outcome) in [
      (nil, "counted"), (nil, "known"), ("5.2.2", "counted"), ("5.2.2", "known"), ("5.1.1", "suppressed"),
      ("5.1.1", "known"),
    ] {
      #expect(try await take(status) == outcome, "\(status ?? "no status")")
    }
    #expect(try await state(service) == "suppressed")
    _ = try await service.client.post(form: [("email", "ann@resident.example"), ("council", "w")], to: "/subscribe")
    let confirmation = try await eventually("a second confirmation") {
      let letters = try service.letters(to: "ann@resident.example", "confirmation")
      return letters.count == 2 ? letters.last : nil
    }
    _ = try await service.client.post(form: [], to: try RunningService.path(of: "/confirm/", in: confirmation))
    #expect(try await take("5.1.1", ["message_id": messageID]) == "known")
    #expect(try await take(nil) == "noted", "no digest has gone to the mailbox since")
    #expect(try await state(service) == "active")
    #expect(try await take("5.1.1") == "suppressed", "what is said of the address now counts now")
  }

  @Test(arguments: [true, false])
  func `what is said late of a letter from before the mailbox proved that it works is only kept`(
    _ wasReported: Bool
  ) async throws {
    let (service, messageID, _) = try await service()
    let report = ["message_id": messageID, "kind": "hard"]
    if wasReported { #expect(try await service.api("POST", "/bounces", report).text.contains("counted")) }
    _ = try await service.api("PUT", "/councils/v", ["name": "Other Council"])
    _ = try await service.client.post(form: [("email", "ann@resident.example"), ("council", "v")], to: "/subscribe")
    let confirmation = try await eventually("a second confirmation") {
      let letters = try service.letters(to: "ann@resident.example", "confirmation")
      return letters.count == 2 ? letters.last : nil
    }
    _ = try await service.client.post(form: [], to: try RunningService.path(of: "/confirm/", in: confirmation))
    let late = try await service.api("POST", "/bounces", report.merging(["status": "5.1.1"]) { $1 })
    #expect(late.text.contains("noted"), "\(late.text)")
    #expect(try await state(service) == "active")
  }

  @Test func `an operator's word counts, and bad input is named`() async throws {
    let (service, messageID, _) = try await service()
    for (body, pointer) in [
      (["kind": "hard"], "/message_id"), (["recipient": "a@b.example"], "/kind"),
      (["recipient": "a@b.example", "kind": "mild"], "/kind"),
      (["recipient": "a@b.example", "kind": "hard", "status": "550"], "/status"),
    ] {
      let refused = try await service.api("POST", "/bounces", body)
      #expect(refused.status == 422 && refused.text.contains("\"\(pointer)\""), "\(refused.text)")
    }
    let unknown = try await service.api("POST", "/bounces", ["recipient": "nobody@x.example", "kind": "hard"])
    #expect(unknown.status == 200 && unknown.text.contains("unmatched"))
    _ = try await service.api("POST", "/bounces", ["message_id": messageID, "kind": "complaint"])
    #expect(try await state(service) == "suppressed")
  }

  @Test func `the command takes a message on standard input, and asks to try again when it can't be kept`() async throws
  {
    let (service, _, returnPath) = try await service()
    let environment = ["COUNCIL_DIGEST_STORE_PATH": service.folder.file("store.sqlite"), "PATH": "/usr/bin:/bin"]
    let done = try await Machine.run(
      RunningService.program.path,
      ["bounce", returnPath],
      input: report(),
      environment: environment
    )
    #expect(done.status == 0 && done.output.contains("suppressed"), "\(done)")
    let nowhere = ["COUNCIL_DIGEST_STORE_PATH": "/proc/none/store.sqlite", "PATH": "/usr/bin:/bin"]
    let failed = try await Machine.run(
      RunningService.program.path,
      ["bounce"],
      input: report(),
      environment: nowhere
    )
    #expect(failed.status == 75, "\(failed)")
    let mistyped = ["COUNCIL_DIGEST_STORE_PATH": service.folder.file("none/store.sqlite"), "PATH": "/usr/bin:/bin"]
    let lost = try await Machine.run(
      RunningService.program.path,
      ["bounce"],
      input: report(),
      environment: mistyped
    )
    #expect(lost.status == 75 && lost.errors.contains("no store"), "\(lost)")
    #expect(!FileManager.default.fileExists(atPath: service.folder.file("none")))
    let wrong = environment.merging(["COUNCIL_DIGEST_HTTP_PORT": "none"]) { $1 }
    let misconfigured = try await Machine.run(
      RunningService.program.path,
      ["bounce"],
      input: report(),
      environment: wrong
    )
    #expect(misconfigured.status == 75 && misconfigured.errors.contains("http.port"), "\(misconfigured)")
    let nothing = try await Machine.run(RunningService.program.path, ["bounce"], input: [], environment: environment)
    #expect(nothing.status == 0, "to ask again would not help: \(nothing)")
  }
}
