import Foundation
import TestSupport
import Testing

@testable import Mail

@Suite struct SMTPTransportTests {
  private func transport(_ port: Int, tls: SMTPSettings.TLS = .off, username: String? = nil) throws -> SMTPTransport {
    try SMTPTransport(
      SMTPSettings(
        host: "127.0.0.1",
        port: port,
        tls: tls,
        username: username,
        password: "secret",
        clientName: "digest.example"
      )
    )
  }

  private func envelope(_ number: Int = 1) throws -> Envelope {
    Envelope(
      sender: try EmailAddress(parsing: "bounce+\(number)@example.org"),
      recipient: try EmailAddress(parsing: "r\(number)@example.org"),
      content: LetterBytes(
        Array("From: a@example.org\r\nMessage-ID: <m\(number)@x>\r\nSubject: n\(number)\r\n\r\n.dot\r\n..\r\n".utf8)
      )
    )
  }

  @Test func `letters arrive one by one on one connection, dots and all`() async throws {
    let sink = try await SMTPSink()
    let transport = try transport(sink.port)
    for number in 1...5 { #expect(transport.send(try envelope(number)) == .sent) }
    let letters = try sink.letters()
    #expect(Set(letters.compactMap { $0.first("subject") }) == ["n1", "n2", "n3", "n4", "n5"])
    #expect(letters.allSatisfy { $0.text.hasPrefix(".dot\n..\n") })
    #expect(letters.contains { $0.first("x-mail-args")?.contains("<bounce+1@example.org>") == true })
  }

  @Test func `the parts of a transfer are timed as far as it came`() async throws {
    let sink = try await SMTPSink()
    let transport = try transport(sink.port)
    #expect(transport.send(try envelope(1)) == .sent)
    let first = transport.times
    #expect(first.connect != nil && first.dialogue != nil && first.data != nil && first.reply != nil)
    #expect(transport.send(try envelope(2)) == .sent)
    let second = transport.times
    #expect(second.connect == nil && second.dialogue != nil && second.data != nil && second.reply != nil)
    #expect([second.dialogue, second.data, second.reply].compactMap(\.self).allSatisfy { $0 >= .zero })
    let refusing = try await SMTPSink("-f", "RCPT")
    let refused = try self.transport(refusing.port)
    _ = refused.send(try envelope())
    #expect(refused.times.connect != nil && refused.times.dialogue == nil && refused.times.reply == nil)
  }

  @Test func `a refused recipient is refused with the relay's words`() async throws {
    let sink = try await SMTPSink("-f", "RCPT", "-B", "550 5.1.1 nobody here")
    #expect(
      try transport(sink.port).send(try envelope())
        == .refused(Reply(code: 550, status: "5.1.1", text: "550 5.1.1 nobody here"), isPermanent: true)
    )
  }

  @Test func `a drop after the end of data is uncertain`() async throws {
    let sink = try await SMTPSink("-q", ".")
    guard case .uncertain = try transport(sink.port).send(try envelope()) else {
      Issue.record("expected uncertain")
      return
    }
  }

  @Test func `nobody there is trouble of the relay`() throws {
    let transport = try transport(try Machine.freePort())
    guard case .relayTrouble(let problem) = transport.send(try envelope()) else {
      Issue.record("expected relay trouble")
      return
    }
    // Words that a sentence goes on after.
    #expect(problem.last?.isLetter == true && transport.problem() == problem)
  }

  @Test func `mail is not sent in clear when TLS is required`() async throws {
    let sink = try await SMTPSink()
    guard case .relayRefusesUs = try transport(sink.port, tls: .required).send(try envelope()) else {
      Issue.record("expected login refused")
      return
    }
    #expect(try sink.letters().isEmpty)
  }

  @Test func `a relay without login is refused when a login is configured`() async throws {
    let sink = try await SMTPSink("-e")
    let outcome = try transport(sink.port, tls: .opportunistic, username: "me").send(try envelope())
    guard case .relayRefusesUs = outcome else {
      Issue.record("expected login refused, got \(outcome)")
      return
    }
    #expect(try sink.letters().isEmpty)
  }

  @Test func `a connection the relay closed while idle costs nothing`() async throws {
    let sink = try await SMTPSink()
    let transport = try transport(sink.port)
    #expect(transport.send(try envelope(1)) == .sent)
    sink.stop()
    try await sink.start()
    #expect(transport.send(try envelope(2)) == .sent)
  }

  @Test func `a check connects and sends nothing`() async throws {
    let sink = try await SMTPSink()
    #expect(try transport(sink.port).problem() == nil)
    #expect(try transport(sink.port, tls: .required).problem() != nil)
    #expect(try transport(try Machine.freePort()).problem() != nil)
    #expect(try sink.letters().isEmpty)
  }
}

@Suite struct MaildirTests {
  @Test func `a letter is a file in new, and an attempt repeated replaces it`() throws {
    let folder = try TemporaryFolder()
    let maildir = try Maildir(folder: folder.url)
    let address = try EmailAddress(parsing: "ann@example.org")
    let envelope = Envelope(
      sender: address,
      recipient: address,
      content: LetterBytes(Array("Message-ID: <m@x>\r\n\r\nhi\r\n".utf8))
    )
    #expect(maildir.send(envelope) == .sent)
    #expect(maildir.send(envelope) == .sent)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("new"))
    #expect(names.count == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("tmp")).isEmpty)
  }

  @Test func `a folder that is gone is trouble, not a crash`() throws {
    let folder = try TemporaryFolder()
    let maildir = try Maildir(folder: folder.url.appending(path: "mail"))
    try FileManager.default.removeItem(at: folder.url.appending(path: "mail"))
    let address = try EmailAddress(parsing: "ann@example.org")
    guard case .relayTrouble = maildir.send(Envelope(sender: address, recipient: address, content: LetterBytes([])))
    else {
      Issue.record("expected trouble")
      return
    }
  }
}
