import Foundation
import Mail
import TestSupport
import Testing

/// Letters over real SMTP, through kills, outages and signals.
@Suite struct DeliveryTests {
  private func service(_ sink: SMTPSink, _ settings: [String: String] = [:]) async throws -> RunningService {
    let smtp = [
      "mail.transport": "smtp", "mail.smtp.host": "127.0.0.1", "mail.smtp.port": "\(sink.port)", "mail.smtp.tls": "off",
      "mail.bounce_address": "bounce@digest.example", "signup.per_hour": "0",
    ]
    let service = try await RunningService(smtp.merging(settings) { $1 })
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting())
    return service
  }

  /// Signs many people up and confirms them from the sink's letters.
  private func subscribe(_ count: Int, _ service: RunningService, _ sink: SMTPSink) async throws {
    for number in 0..<count {
      let form = [("email", "r\(number)@resident.example"), ("council", "w")]
      #expect(try await service.client.post(form: form, to: "/subscribe").status == 303)
    }
    let letters = try await eventually("all confirmations") {
      let letters = try sink.letters()
      return letters.count == count ? letters : nil
    }
    for letter in letters {
      #expect(
        try await service.client.post(form: [], to: try RunningService.path(of: "/confirm/", in: letter)).status == 200
      )
    }
  }

  private func digests(_ sink: SMTPSink) throws -> [ReceivedLetter] {
    try sink.letters().filter { $0.first("message-id")?.hasPrefix("<digest.") == true }
  }

  @Test func `each subscriber gets one letter with an envelope sender of its own`() async throws {
    let sink = try await SMTPSink()
    let service = try await service(sink)
    try await subscribe(3, service, sink)
    let run = try await service.runDigest()
    #expect(run["sent"] as? Int == 3)
    let letters = try digests(sink)
    #expect(letters.count == 3)
    #expect(Set(letters.compactMap { $0.first("message-id") }).count == 3)
    let senders = letters.compactMap { $0.first("x-mail-args") }
    #expect(Set(senders).count == 3 && senders.allSatisfy { $0.hasPrefix("<bounce+") })
  }

  @Test func `killed in the middle, everyone is served and only letters in flight repeat`() async throws {
    // Half a second at each end of data keeps letters in flight when the kill comes.
    let sink = try await SMTPSink("-W", ".:1")
    let workers = 2
    let service = try await service(sink, ["mail.smtp.connections": "\(workers)"])
    let recipients = 6
    try await subscribe(recipients, service, sink)
    _ = try await service.api("POST", "/digest-runs")
    _ = try await eventually("some letters left") { try digests(sink).count >= 2 ? true : nil }
    service.kill()
    // The text is corrected meanwhile: what repeats must still be the same bytes.
    try await service.start()
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting(committee: "Corrected Committee"))
    let run = try await eventually("the run is sent") {
      let run = try await service.api("GET", "/digest-runs/1").object()
      return run["finished_at"] is String ? run : nil
    }
    #expect(run["sent"] as? Int == recipients)
    let messages = try sink.messages().filter { $0.content.contains("Message-ID: <digest.") }
    let byRecipient = Dictionary(grouping: messages, by: \.recipient)
    #expect(byRecipient.count == recipients)
    #expect(messages.count <= recipients + workers)
    for copies in byRecipient.values { #expect(Set(copies.map(\.content)).count == 1, "a repeat has the same bytes") }
  }

  @Test func `a relay that is away loses nothing, and readiness says so`() async throws {
    let sink = try await SMTPSink()
    let service = try await service(sink)
    sink.stop()
    _ = try await service.client.post(form: [("email", "ann@resident.example"), ("council", "w")], to: "/subscribe")
    let unready = try await eventually("readiness notices") {
      let answer = try await service.client.get("/readyz")
      return answer.status == 503 ? answer : nil
    }
    #expect(unready.text.contains("mail can’t leave since") && unready.text.contains("letters wait"))
    #expect(try await service.client.get("/healthz").status == 200)
    try await sink.start()
    _ = try await eventually("the letter arrives") { try sink.letters().count == 1 ? true : nil }
    _ = try await eventually("readiness recovers") {
      try await service.client.get("/readyz").status == 200 ? true : nil
    }
  }

  @Test func `a Maildir that can't be used is known before the first letter`() async throws {
    let folder = try TemporaryFolder()
    try "a file".write(toFile: folder.file("mail"), atomically: true, encoding: .utf8)
    let service = try await RunningService(["mail.maildir": folder.file("mail")])
    _ = try await eventually("readiness notices") { try await service.client.get("/readyz").status == 503 ? true : nil }
    _ = try await eventually("the log has it") { service.log.contains("can't be made") ? true : nil }
  }

  @Test func `the log holds no key, token or address, even at debug`() async throws {
    let sink = try await SMTPSink()
    let service = try await service(sink, ["log.level": "debug"])
    try await subscribe(1, service, sink)
    service.signal(SIGTERM)
    #expect(try await service.waitForExit() == 0)
    let token = try RunningService.path(of: "/confirm/", in: try #require(try sink.letters().first)).dropFirst(
      "/confirm/".count
    )
    for secret in [RunningService.key, "r0@resident", String(token)] {
      #expect(!service.log.contains(secret), "\(secret)")
    }
    #expect(service.log.contains("/confirm/{token}"))
  }

  @Test func `one refused recipient does not stop the others`() async throws {
    let sink = try await SMTPSink()
    let service = try await service(sink)
    try await subscribe(3, service, sink)
    sink.stop()
    let refusing = try ScriptedRelay(port: sink.port) { moment in
      moment.stage == .recipient && moment.recipient == "r1@resident.example" ? .reply("550 5.1.1 gone") : .accept
    }
    let run = try await service.runDigest()
    #expect(run["failed"] as? Int == 1 && run["sent"] as? Int == 2 && run["state"] as? String == "sent")
    #expect(Set(refusing.arrivals.map(\.recipient)) == ["r0@resident.example", "r2@resident.example"])
    let refused = try await service.api("GET", "/subscribers?email=r1@resident.example").object()
    #expect(((refused["items"] as? [[String: Any]])?.first?["state"] as? String) == "suppressed")
  }

  @Test func `SIGTERM lets the request and the letter under way finish, and exits with 0`() async throws {
    let sink = try await SMTPSink("-W", ".:1")
    let service = try await service(sink, ["mail.smtp.connections": "1"])
    try await subscribe(2, service, sink)
    _ = try await service.api("POST", "/digest-runs")
    _ = try await eventually("a letter is under way") { service.log.contains("digest.planned") ? true : nil }
    let slow = try RawConnection(port: service.port)
    try await slow.write(
      Array(
        "POST /feedback HTTP/1.1\r\nHost: 127.0.0.1:\(service.port)\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 12\r\n\r\nmess"
          .utf8
      )
    )
    service.signal(SIGTERM)
    _ = try await eventually("nobody is let in") { (try? RawConnection(port: service.port)) == nil ? true : nil }
    try await slow.write(Array("age=last".utf8))
    #expect(try HTTPExchange(parsing: try await slow.readToEnd()).status == 303)
    #expect(try await service.waitForExit() == 0)
    let sentBefore = try digests(sink).count
    try await service.start()
    let run = try await eventually("the rest is sent") {
      let run = try await service.api("GET", "/digest-runs/1").object()
      return run["finished_at"] is String ? run : nil
    }
    #expect(run["sent"] as? Int == 2)
    #expect(try digests(sink).count == 2, "\(sentBefore) before the signal; none twice")
    #expect(try await service.api("GET", "/feedback").text.contains("last"))
  }

  @Test func `who leaves while a run is paused gets nothing of it`() async throws {
    let sink = try await SMTPSink()
    let service = try await service(sink, ["digest.approval": "required"])
    try await subscribe(2, service, sink)
    let id = try #require(try await service.api("POST", "/digest-runs").object()["id"])
    _ = try await eventually("it waits") {
      try await service.api("GET", "/digest-runs/\(id)").object()["state"] as? String == "awaiting_approval"
        ? true : nil
    }
    _ = try await service.client.post(form: [("email", "r0@resident.example"), ("council", "w")], to: "/subscribe")
    let letter = try await eventually("a letter with a way out") {
      try sink.letters().first { $0.first("message-id")?.hasPrefix("<already-following.") == true }
    }
    _ = try await service.client.post(form: [], to: try RunningService.path(of: "/unsubscribe/", in: letter))
    _ = try await service.api("POST", "/digest-runs/\(id)/approve")
    let run = try await eventually("it is sent") {
      let run = try await service.api("GET", "/digest-runs/\(id)").object()
      return run["finished_at"] is String ? run : nil
    }
    #expect(run["sent"] as? Int == 1 && run["cancelled"] as? Int == 1)
    #expect(try digests(sink).map { $0.first("to") } == ["r1@resident.example"])
  }
}
