import Synchronization
import TestSupport
import Testing

@testable import Mail

/// What becomes of a letter when the relay fails at each stage, with libcurl in between.
@Suite struct SMTPFaultTests {
  private enum Kind: Equatable {
    case sent, trouble, putOff, refused, uncertain, other

    init(_ outcome: SendOutcome) {
      self =
        switch outcome {
        case .sent: .sent
        case .relayTrouble, .interrupted: .trouble
        case .refused(_, let isPermanent): isPermanent ? .refused : .putOff
        case .uncertain: .uncertain
        default: .other
        }
    }
  }

  private func transport(_ relay: ScriptedRelay) throws -> SMTPTransport {
    try SMTPTransport(
      SMTPSettings(
        host: "127.0.0.1",
        port: relay.port,
        tls: .off,
        username: nil,
        password: nil,
        clientName: "digest.example"
      )
    )
  }

  private func envelope(bytes: Int = 2_000) throws -> Envelope {
    let line = "Councillors asked how the money is spent.\r\n"
    return Envelope(
      sender: try EmailAddress(parsing: "b@example.org"),
      recipient: try EmailAddress(parsing: "ann@example.org"),
      content: LetterBytes(
        Array(("Subject: s\r\n\r\n" + String(repeating: line, count: bytes / line.utf8.count)).utf8)
      )
    )
  }

  private func kind(_ stage: ScriptedRelay.Stage, _ act: ScriptedRelay.Act, bytes: Int = 2_000) throws -> Kind {
    let relay = try ScriptedRelay { $0.stage == stage ? act : .accept }
    let outcome = Kind(try transport(relay).send(try envelope(bytes: bytes)))
    #expect(relay.arrivals.allSatisfy { $0.wasAccepted == (outcome == .sent) })
    return outcome
  }

  @Test(arguments: ScriptedRelay.Stage.allCases)
  func `a drop before the letter is complete is the relay's trouble`(_ stage: ScriptedRelay.Stage) throws {
    // A letter larger than what the sockets hold, so that not all of it has left.
    let expected: Kind = stage == .endOfContent ? .uncertain : .trouble
    #expect(try kind(stage, .drop(), bytes: 20_000_000) == expected)
  }

  @Test(arguments: ScriptedRelay.Stage.allCases.filter { $0 != .startOfContent })
  func `a refusal is about the letter from RCPT on, and 421 never is`(_ stage: ScriptedRelay.Stage) throws {
    let isAboutLetter = [.recipient, .data, .endOfContent].contains(stage)
    #expect(try kind(stage, .reply("450 4.2.0 later")) == (isAboutLetter ? .putOff : .trouble))
    #expect(try kind(stage, .reply("550 5.1.1 never")) == (isAboutLetter ? .refused : .trouble))
    #expect(try kind(stage, .replyAndClose("421 4.3.2 going down")) == .trouble)
  }

  @Test(arguments: ["2", "250", "250 2.0.0 tak", "250-first line\r\n"])
  func `a reply cut short is no reply`(_ part: String) throws {
    #expect(try kind(.recipient, .drop(after: part)) == .trouble)
    #expect(try kind(.endOfContent, .drop(after: part)) == .uncertain)
  }

  @Test func `several lines are one reply, and a 2xx of any kind is a yes`() throws {
    #expect(try kind(.endOfContent, .reply("550-5.7.1 we\r\n550 5.7.1 refuse")) == .refused)
    #expect(try kind(.endOfContent, .replyAndClose("250 2.0.0 taken\r\n421 2.0.0 bye")) == .sent)
    #expect(try kind(.endOfContent, .reply("251 2.1.5 will forward")) == .sent)
  }

  @Test func `what is no SMTP is never taken for a yes`() throws {
    #expect(try kind(.endOfContent, .replyAndClose("HTTP/1.1 200 OK")) == .uncertain)
    #expect(try kind(.recipient, .replyAndClose("hello")) == .trouble)
  }

  @Test func `a relay that says 421 to an idle connection costs nothing`() throws {
    let relay = try ScriptedRelay()
    let transport = try transport(relay)
    for _ in 0..<3 {
      #expect(transport.send(try envelope()) == .sent)
      relay.announce("421 4.4.2 idle too long")
    }
    #expect(relay.arrivals.count == 3 && relay.connectionCount == 3)
  }

  /// Whatever connections before it say as they close.
  @Test func `a letter that was cut off is never taken for sent`() throws {
    let letters = Mutex(0)
    let relay = try ScriptedRelay { moment in
      switch moment.stage {
      case .sender:
        letters.withLock { $0 += 1 }
        return .accept
      case .startOfContent: return letters.withLock { $0 % 7 == 0 } ? .drop() : .accept
      case .endOfContent: return .reply("451 4.3.0 later")
      default: return .accept
      }
    }
    let transport = try transport(relay)
    for _ in 0..<210 {
      let outcome = Kind(transport.send(try envelope(bytes: 6_000)))
      #expect(outcome != .sent)
    }
    #expect(relay.arrivals.allSatisfy { !$0.wasAccepted })
  }

  @Test func `a letter that was refused leaves no connection behind`() async throws {
    let relay = try ScriptedRelay {
      $0.stage == .endOfContent && $0.recipient == "ann@example.org" ? .reply("451 4.3.0 later") : .accept
    }
    let transport = try transport(relay)
    var next = try envelope()
    next.recipient = try EmailAddress(parsing: "bob@example.org")
    for _ in 0..<3 {
      #expect(try Kind(transport.send(envelope())) == .putOff)
      #expect(transport.send(next) == .sent)
    }
    _ = try await eventually("those before are closed") { relay.openCount == 1 ? true : nil }
    #expect(transport.send(next) == .sent)
  }

  @Test func `after a refusal the next letter leaves`() throws {
    let relay = try ScriptedRelay {
      $0.stage == .recipient && $0.recipient == "ann@example.org" ? .reply("550 5.1.1 no") : .accept
    }
    let transport = try transport(relay)
    #expect(Kind(transport.send(try envelope())) == .refused)
    var next = try envelope()
    next.recipient = try EmailAddress(parsing: "bob@example.org")
    #expect(transport.send(next) == .sent)
  }
}
