import CCurl
import Testing

@testable import Mail

/// A conversation from its reply lines; "BODY" marks where all of the letter had been handed over.
private func conversation(_ lines: [String]) -> SMTPConversation {
  var conversation = SMTPConversation()
  for line in lines {
    if line == "BODY" { conversation.handedOverEverything = true } else { receive(line, &conversation) }
  }
  return conversation
}

private func receive(_ line: String, _ conversation: inout SMTPConversation) {
  Array(line.utf8).withUnsafeBytes { conversation.receive(line: $0) }
}

@Suite struct SMTPOutcomeTests {
  private static let hello = ["220 relay\r\n", "250-relay\r\n", "250 SIZE\r\n"]
  private static let toData = hello + ["250 ok\r\n", "250 ok\r\n", "354 go\r\n"]

  enum Expected: Equatable {
    case sent, temporary, permanent, trouble, interrupted, login, uncertain
  }

  private func expected(_ outcome: SendOutcome) -> Expected {
    switch outcome {
    case .sent: .sent
    case .refused(_, let isPermanent): isPermanent ? .permanent : .temporary
    case .relayTrouble, .brokenOff: .trouble
    case .interrupted: .interrupted
    case .relayRefusesUs: .login
    case .uncertain: .uncertain
    }
  }

  static let cases: [(String, CURLcode, Int, [String], Expected)] = [
    ("accepted", CURLE_OK, 250, toData + ["BODY", "250 queued\r\n"], .sent),
    (
      "cut, and an older connection says goodbye", CURLE_SEND_ERROR, 354, toData + ["BODY", "221 bye\r\n"], .uncertain
    ),
    ("connection refused", CURLE_COULDNT_CONNECT, 0, [], .trouble),
    ("greeting 421", CURLE_WEIRD_SERVER_REPLY, 421, ["421 busy\r\n"], .trouble),
    ("greeting 554", CURLE_WEIRD_SERVER_REPLY, 554, ["554 no\r\n"], .trouble),
    ("no STARTTLS", CURLE_USE_SSL_FAILED, 250, hello, .login),
    ("bad certificate", CURLE_PEER_FAILED_VERIFICATION, 220, hello + ["220 go\r\n"], .login),
    ("AUTH 535", CURLE_LOGIN_DENIED, 535, hello + ["535 no\r\n"], .login),
    ("AUTH 454", CURLE_LOGIN_DENIED, 454, hello + ["454 later\r\n"], .trouble),
    ("MAIL cut, and an older connection says goodbye", CURLE_RECV_ERROR, 250, hello + ["221 bye\r\n"], .trouble),
    ("MAIL 451", CURLE_SEND_ERROR, 451, hello + ["451 later\r\n"], .trouble),
    ("MAIL 550", CURLE_SEND_ERROR, 550, hello + ["550 who\r\n"], .trouble),
    ("MAIL 552 too large", CURLE_SEND_ERROR, 552, hello + ["552 5.3.4 size\r\n"], .permanent),
    ("RCPT 450", CURLE_SEND_ERROR, 450, hello + ["250 ok\r\n", "450 4.2.1 later\r\n"], .temporary),
    ("RCPT 550", CURLE_SEND_ERROR, 550, hello + ["250 ok\r\n", "550 5.1.1 unknown\r\n"], .permanent),
    ("RCPT 550 on a reused connection", CURLE_SEND_ERROR, 550, ["250 ok\r\n", "550 5.1.1 unknown\r\n"], .permanent),
    ("RCPT 421", CURLE_SEND_ERROR, 421, hello + ["250 ok\r\n", "421 bye\r\n"], .interrupted),
    ("DATA 554", CURLE_SEND_ERROR, 554, hello + ["250 ok\r\n", "250 ok\r\n", "554 no\r\n"], .permanent),
    (
      "RCPT 550 after TLS and login", CURLE_SEND_ERROR, 550,
      hello + [
        "220 tls\r\n", "250-relay\r\n", "250 AUTH\r\n", "334 \r\n", "235 in\r\n", "250 ok\r\n", "550 5.1.1 x\r\n",
      ], .permanent
    ),
    (
      "MAIL 550 after TLS and login", CURLE_SEND_ERROR, 550,
      hello + ["220 tls\r\n", "250-relay\r\n", "250 AUTH\r\n", "334 \r\n", "235 in\r\n", "550 5.7.1 x\r\n"], .trouble
    ),
    ("drop after RCPT", CURLE_RECV_ERROR, 250, hello + ["250 ok\r\n", "250 ok\r\n"], .interrupted),
    ("abort inside the data", CURLE_SEND_ERROR, 354, toData, .interrupted),
    ("end of data 450", CURLE_WEIRD_SERVER_REPLY, 450, toData + ["BODY", "450 4.3.0 later\r\n"], .temporary),
    ("end of data 554", CURLE_WEIRD_SERVER_REPLY, 554, toData + ["BODY", "554 5.7.1 spam\r\n"], .permanent),
    ("end of data 421", CURLE_WEIRD_SERVER_REPLY, 421, toData + ["BODY", "421 bye\r\n"], .interrupted),
    ("end of data 251", CURLE_WEIRD_SERVER_REPLY, 251, toData + ["BODY", "251 forwarded\r\n"], .sent),
    ("drop after end of data", CURLE_RECV_ERROR, 354, toData + ["BODY"], .uncertain),
    ("timeout after end of data", CURLE_OPERATION_TIMEDOUT, 354, toData + ["BODY"], .uncertain),
    ("half a reply", CURLE_RECV_ERROR, 0, toData + ["BODY", "25"], .uncertain),
    ("a reply without its end", CURLE_RECV_ERROR, 0, toData + ["BODY", "250 ok"], .uncertain),
    ("only a continuation line", CURLE_RECV_ERROR, 0, toData + ["BODY", "250-ok\r\n"], .uncertain),
    ("garbage", CURLE_OPERATION_TIMEDOUT, 0, toData + ["BODY", "what?\r\n"], .uncertain),
  ]

  @Test(arguments: cases.indices)
  func `each end of a transfer has its outcome`(_ index: Int) {
    let (name, result, code, lines, wanted) = Self.cases[index]
    #expect(expected(outcome(of: result, lastCode: code, conversation(lines))) == wanted, "\(name)")
  }

  @Test func `a server that talks a lot is heard to the end`() {
    let talk = (0..<200).map { "550-line \($0)\r\n" } + ["550 5.1.1 gone\r\n"]
    let heard = conversation(Self.hello + ["250 ok\r\n"] + talk)
    guard case .refused(let reply, isPermanent: true) = outcome(of: CURLE_SEND_ERROR, lastCode: 550, heard) else {
      Issue.record("expected a refusal")
      return
    }
    #expect(reply.text.contains("line 199") && reply.text.hasSuffix("550 5.1.1 gone"))
  }

  @Test func `a refusal keeps status and text, continuation lines joined`() {
    let lines = Self.hello + ["250 ok\r\n", "550-5.1.1 no such\r\n", "550 5.1.1 user\r\n", "221 bye\r\n"]
    let reply = Reply(code: 550, status: "5.1.1", text: "550-5.1.1 no such 550 5.1.1 user")
    #expect(outcome(of: CURLE_SEND_ERROR, lastCode: 550, conversation(lines)) == .refused(reply, isPermanent: true))
  }
}
