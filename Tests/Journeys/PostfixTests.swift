import Foundation
import TestSupport
import Testing

/// The whole way through a real mail server into a mailbox.
@Suite(.enabled(if: Machine.isRoot, "Postfix runs as root only")) struct PostfixTests {
  private func service(
    _ relay: PostfixRelay,
    tls: String,
    _ settings: [String: String] = [:]
  ) async throws -> RunningService {
    let smtp = [
      "mail.transport": "smtp", "mail.smtp.host": "127.0.0.1", "mail.smtp.tls": tls,
      "mail.smtp.port": "\(tls == "implicit" ? relay.implicitPort : relay.port)",
      "mail.bounce_address": "bounce@digest.example",
    ]
    let service = try await RunningService(smtp.merging(settings) { $1 })
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting())
    return service
  }

  @Test func `a digest arrives in a mailbox of Postfix, and an unknown recipient is refused`() async throws {
    let relay = try await PostfixRelay()
    let service = try await service(relay, tls: "off")
    for name in ["ann", "nobody"] {
      _ = try await service.client.post(
        form: [("email", "\(name)@resident.example"), ("council", "w")],
        to: "/subscribe"
      )
    }
    let confirmation = try await eventually("a confirmation") { try relay.letters(to: "ann@resident.example").first }
    _ = try await service.client.post(form: [], to: try RunningService.path(of: "/confirm/", in: confirmation))
    let run = try await service.runDigest()
    #expect(run["sent"] as? Int == 1)
    let digest = try await eventually("the digest") {
      try relay.letters(to: "ann@resident.example").first { $0.first("list-id") != nil }
    }
    #expect(digest.text.contains("Children and Families Overview and Scrutiny Panel"))
    #expect(digest.first("return-path")?.hasPrefix("<bounce+") == true)
    _ = try await eventually("the log has the refusal") {
      service.log.contains("mail.refused") && service.log.contains("5.1.1") ? true : nil
    }
    #expect(!service.log.contains("nobody@"), "no address in the log")
    try await relay.stop()
  }

  @Test func `a letter that comes back suppresses its reader: relay, refusal, report, pipe`() async throws {
    let refusing = try await SMTPSink("-f", "RCPT", "-B", "550 5.1.1 No such mailbox")
    let folder = try TemporaryFolder()
    chmod(folder.path, 0o755)
    let relay = try await PostfixRelay(.init(next: refusing.port, bouncePipe: folder.file("pipe")))
    let service = try await RunningService([
      "mail.transport": "smtp", "mail.smtp.host": "127.0.0.1", "mail.smtp.port": "\(relay.port)",
      "mail.smtp.tls": "off",
      "mail.bounce_address": "b@bounces.example",
    ])
    // The pipe runs as nobody; who may write to the socket may speak to the service.
    chmod(service.folder.path, 0o755)
    chmod(service.folder.file("store.sqlite.socket"), 0o777)
    let script = """
      #!/bin/sh
      COUNCIL_DIGEST_STORE_PATH=\(service.folder.file("store.sqlite")) exec \(RunningService.program.path) bounce "$1" >&2
      """
    try script.write(toFile: folder.file("pipe"), atomically: true, encoding: .utf8)
    chmod(folder.file("pipe"), 0o755)
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.client.post(form: [("email", "ann@gone.example"), ("council", "w")], to: "/subscribe")
    let subscriber = try await eventually("the reader is suppressed") {
      let subscriber = try await service.api("GET", "/subscribers/1").object()
      return subscriber["state"] as? String == "suppressed" ? subscriber : nil
    }
    #expect((subscriber["suppressed_because"] as? String)?.contains("5.1.1") == true)
    #expect(!service.log.contains("gone.example"), "no address in the log")
    try await relay.stop()
  }

  @Test(arguments: ["required", "implicit"])
  func `behind TLS and with our name and password letters leave`(_ tls: String) async throws {
    let passwords = try await DovecotMailbox()
    let relay = try await PostfixRelay(.init(login: passwords.loginPort))
    let login = [
      "mail.smtp.ca_file": relay.certificate, "mail.smtp.username": "digest",
      "mail.smtp.password": DovecotMailbox.password,
    ]
    let service = try await service(relay, tls: tls, login)
    _ = try await service.client.post(form: [("email", "ann@resident.example"), ("council", "w")], to: "/subscribe")
    let letter = try await eventually("a confirmation") { try relay.letters(to: "ann@resident.example").first }
    #expect(letter.first("received")?.contains("ESMTPSA") == true, "encrypted and authenticated")
    #expect(try await service.command("check").status == 0)
    try await relay.stop()
  }

  @Test func `a wrong password stops all mail at once and says so, and asks nobody again and again`() async throws {
    let passwords = try await DovecotMailbox()
    let relay = try await PostfixRelay(.init(login: passwords.loginPort))
    let login = [
      "mail.smtp.ca_file": relay.certificate, "mail.smtp.username": "digest", "mail.smtp.password": "wrong-password",
      "operator.notify": "op@resident.example",
    ]
    let service = try await service(relay, tls: "required", login)
    for name in ["ann", "bob"] {
      _ = try await service.client.post(
        form: [("email", "\(name)@resident.example"), ("council", "w")],
        to: "/subscribe"
      )
    }
    _ = try await eventually("readiness notices") { try await service.client.get("/readyz").status == 503 ? true : nil }
    _ = try await eventually("the log has it") { service.log.contains("relay.refuses-us") ? true : nil }
    #expect(!service.log.contains("wrong-password"))
    let attempts = try await eventually("the relay's log has it") {
      let count = try relay.log().matches(of: /SASL PLAIN authentication failed/).count
      return count > 0 ? count : nil
    }
    #expect(attempts <= 4, "a connection each at the most: \(attempts)")
    #expect(try await service.command("check").status == 1)
    try await relay.stop()
  }

  @Test func `what comes back to a mailbox is read by POP3, recorded and deleted`() async throws {
    let mailbox = try await DovecotMailbox()
    let relay = try await PostfixRelay()
    let service = try await service(
      relay,
      tls: "off",
      [
        "mail.bounce_mailbox.host": "127.0.0.1", "mail.bounce_mailbox.port": "\(mailbox.port)",
        "mail.bounce_mailbox.tls": "off", "mail.bounce_mailbox.username": "bounces",
        "mail.bounce_mailbox.password": DovecotMailbox.password,
      ]
    )
    _ = try await service.client.post(form: [("email", "ann@resident.example"), ("council", "w")], to: "/subscribe")
    let letter = try await eventually("a confirmation") { try relay.letters(to: "ann@resident.example").first }
    let returnPath = (letter.first("return-path") ?? "").trimmingCharacters(in: CharacterSet(charactersIn: "<>"))
    let report = """
      From: MAILER-DAEMON@relay.example
      To: \(returnPath)
      Subject: Undelivered Mail Returned to Sender
      Content-Type: multipart/report; report-type=delivery-status; boundary=B

      --B
      Content-Type: message/delivery-status

      Final-Recipient: rfc822; ann@resident.example
      Action: failed
      Status: 5.1.1

      --B--
      """
    try mailbox.deliver(Array(report.utf8))
    try mailbox.deliver(Array("From: x@y.example\nSubject: Hello\n\nNothing to do with bounces.\n".utf8))
    // It is read at the start.
    service.kill()
    _ = try await service.waitForExit()
    try await service.start()
    _ = try await eventually("the mailbox is empty") { try mailbox.count() == 0 ? true : nil }
    #expect(try await service.api("GET", "/subscribers/1").object()["state"] as? String == "suppressed")
    #expect(try await service.command("check").output.contains("mailbox for bounces"))
    try await relay.stop()
  }

  @Test func `with TLS required, a certificate that can't be trusted stops all mail and says so`() async throws {
    let relay = try await PostfixRelay()
    let service = try await service(relay, tls: "required")
    _ = try await service.client.post(form: [("email", "ann@resident.example"), ("council", "w")], to: "/subscribe")
    _ = try await eventually("readiness notices") { try await service.client.get("/readyz").status == 503 ? true : nil }
    _ = try await eventually("the log has it") { service.log.contains("relay.refuses-us") ? true : nil }
    #expect(try relay.letters(to: "ann@resident.example").isEmpty)
    try await relay.stop()
  }
}
