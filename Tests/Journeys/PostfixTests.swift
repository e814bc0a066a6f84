import Foundation
import TestSupport
import Testing

/// The whole way through a real mail server into a mailbox.
@Suite(.enabled(if: Machine.isRoot, "Postfix runs as root only")) struct PostfixTests {
  private func service(_ relay: PostfixRelay, tls: String) async throws -> RunningService {
    let service = try await RunningService([
      "mail.transport": "smtp", "mail.smtp.host": "127.0.0.1", "mail.smtp.port": "\(relay.port)", "mail.smtp.tls": tls,
      "mail.bounce_address": "bounce@digest.example",
    ])
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
    #expect(service.log.contains("mail.refused") && service.log.contains("5.1.1"))
    #expect(!service.log.contains("nobody@"), "no address in the log")
    try await relay.stop()
  }

  @Test func `with TLS required, a certificate that can't be trusted stops all mail and says so`() async throws {
    let relay = try await PostfixRelay()
    let service = try await service(relay, tls: "required")
    _ = try await service.client.post(form: [("email", "ann@resident.example"), ("council", "w")], to: "/subscribe")
    _ = try await eventually("readiness notices") { try await service.client.get("/readyz").status == 503 ? true : nil }
    #expect(service.log.contains("relay.login-refused"))
    #expect(try relay.letters(to: "ann@resident.example").isEmpty)
    try await relay.stop()
  }
}
