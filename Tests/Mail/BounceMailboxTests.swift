import Foundation
import TestSupport
import Testing

@testable import Mail

/// The mailbox for bounces, read from Dovecot.
@Suite(.enabled(if: Machine.isRoot, "Dovecot runs as root only")) struct BounceMailboxTests {
  private func mailbox(_ dovecot: DovecotMailbox, password: String = DovecotMailbox.password) -> BounceMailbox {
    BounceMailbox(host: "127.0.0.1", port: dovecot.port, tls: .off, username: "bounces", password: password)
  }

  private func message(_ number: Int) -> [UInt8] {
    Array("From: a@example.org\r\nSubject: n\(number)\r\n\r\n.dots\r\n..\r\nend\r\n".utf8)
  }

  @Test func `messages are read whole and stay until they are deleted by name`() async throws {
    let dovecot = try await DovecotMailbox()
    for number in 1...3 { try dovecot.deliver(message(number)) }
    let mailbox = mailbox(dovecot)
    let messages = try mailbox.messages(limit: 10)
    #expect(Set(messages.map(\.content)) == Set((1...3).map(message)))
    #expect(Set(messages.map(\.name)).count == 3)
    #expect(try mailbox.messages(limit: 2).count == 2)
    #expect(try mailbox.messages(limit: 10) == messages, "to read changes nothing")
    // One that came meanwhile is not touched, nor is one that is gone already.
    try dovecot.deliver(message(4))
    try mailbox.delete(Set(messages.map(\.name)).union(["no-such-name"]))
    #expect(try mailbox.messages(limit: 10).map(\.content) == [message(4)])
    #expect(try dovecot.count() == 1)
  }

  @Test func `an empty mailbox is empty, and a very long message is cut`() async throws {
    let dovecot = try await DovecotMailbox()
    let mailbox = mailbox(dovecot)
    #expect(try mailbox.messages(limit: 10).isEmpty)
    try dovecot.deliver(message(1) + [UInt8](repeating: 0x61, count: 76) + Array("\r\n".utf8))
    try dovecot.deliver(Array((String(repeating: String(repeating: "b", count: 76) + "\r\n", count: 20_000)).utf8))
    let sizes = try mailbox.messages(limit: 10).map(\.content.count).sorted()
    #expect(sizes.count == 2 && sizes[1] == MIMEPart.maximumBytes)
  }

  @Test func `a wrong password, and nobody there, are problems with words`() async throws {
    let dovecot = try await DovecotMailbox()
    #expect(throws: BounceMailbox.Problem.self) { try mailbox(dovecot, password: "wrong").messages(limit: 1) }
    let nobody = BounceMailbox(host: "127.0.0.1", port: try Machine.freePort(), tls: .off, username: "a", password: "b")
    #expect(throws: BounceMailbox.Problem.self) { try nobody.messages(limit: 1) }
    let encrypted = BounceMailbox(
      host: "127.0.0.1",
      port: dovecot.port,
      tls: .required,
      username: "bounces",
      password: DovecotMailbox.password
    )
    #expect(throws: BounceMailbox.Problem.self, "no password in clear") { try encrypted.messages(limit: 1) }
  }
}
