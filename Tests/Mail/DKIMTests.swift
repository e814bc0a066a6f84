import Foundation
import TestSupport
import Testing

@testable import Mail

@Suite struct DKIMTests {
  private static let key = Result { try DKIMSigner.makePrivateKey() }

  private func letter(_ text: String) throws -> LetterBytes {
    let shared = SharedLetter(
      from: Mailbox(name: "Räte, Council Digest", address: try EmailAddress(parsing: "digest@council.example")),
      subject: "Wychford: a subject long enough that it has to be folded, with SEND waiting times",
      fields: [
        .init("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"), .init("List-Id", "C <digest.council.example>"),
      ],
      text: text,
      html: "<p>\(text)</p>"
    )
    return Letter(
      shared,
      to: try EmailAddress(parsing: "ann@resident.example"),
      date: Date(timeIntervalSince1970: 1_790_000_000),
      messageID: "digest.abc@council.example",
      fields: [.init("List-Unsubscribe", "<https://council.example/unsubscribe/\(String(repeating: "x", count: 90))>")]
    ).composed()
  }

  /// dkimpy's verdict, with the record where DNS would have it.
  private func verify(_ message: [UInt8], _ signer: DKIMSigner) async throws -> Bool {
    let script = """
      import sys, dkim
      record = sys.argv[2].encode()
      dns = lambda name, timeout=5: record if name == sys.argv[1].encode() + b'.' else None
      try: print(dkim.DKIM(sys.stdin.buffer.read(), minkey=1024).verify(dnsfunc=dns))
      except dkim.DKIMException as problem: print(problem)
      """
    let record = signer.dnsRecord
    let answer = try await Machine.run("/usr/bin/python3", ["-c", script, record.name, record.text], input: message)
    #expect(answer.status == 0, "\(answer.errors)")
    return answer.output.hasPrefix("True")
  }

  @Test(arguments: [
    "Hello.\n\nTwo  blanks \t and\n a leading one.\n\n\n", "", "Größe £1.2m – “quoted” 🙂\n.\nFrom here",
  ])
  func `another implementation verifies what was signed`(_ text: String) async throws {
    let signer = try DKIMSigner(domain: "council.example", selector: "digest", privateKey: Self.key.get())
    let signed = try signer.signed(letter(text)).joined
    #expect(try await verify(signed, signer))
    #expect(signed == (try signer.signed(letter(text)).joined), "the same letter is the same bytes")
    let message = String(decoding: signed, as: UTF8.self)
    #expect(
      message.hasPrefix("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n d=council.example; s=digest;\r\n")
    )
    #expect(
      message.split(separator: "\r\n").allSatisfy {
        $0.utf8.count <= 76 || $0.hasPrefix(" <https") || $0.hasPrefix("List-U")
      }
    )
    let names = message.replacing("\r\n  ", with: "")
    #expect(names.contains("list-unsubscribe:list-unsubscribe-post"))
  }

  @Test func `OpenDKIM verifies it, with both fields of one-click unsubscribing covered`() async throws {
    let signer = try DKIMSigner(domain: "council.example", selector: "digest", privateKey: Self.key.get())
    let folder = try TemporaryFolder()
    let signed = try signer.signed(letter("Hello.\n")).joined
    try Data(signed).write(to: folder.url.appending(path: "letter"))
    let forged = String(decoding: signed, as: UTF8.self).replacing("One-Click", with: "One-Clack")
    try Data(forged.utf8).write(to: folder.url.appending(path: "forged"))
    let record = signer.dnsRecord
    try "\(record.name) \(record.text)\n".write(toFile: folder.file("keys"), atomically: true, encoding: .utf8)
    try "Mode v\nSyslog no\nTestPublicKeys \(folder.file("keys"))\nTestDNSData \(folder.file("keys"))\n"
      .write(toFile: folder.file("conf"), atomically: true, encoding: .utf8)
    for (name, isValid) in [("letter", true), ("forged", false)] {
      let answer = try await Machine.run(
        try #require(Machine.program("opendkim")),
        ["-x", folder.file("conf"), "-t", folder.file(name), "-v"]
      )
      #expect(answer.output.contains(isValid ? ") succeeded" : "signature verification failed"), "\(answer)")
    }
  }

  @Test func `what is changed on the way is noticed, what relays do to blanks is not`() async throws {
    let signer = try DKIMSigner(domain: "council.example", selector: "digest", privateKey: Self.key.get())
    let signed = String(decoding: try signer.signed(letter("One two.\n")).joined, as: UTF8.self)
    for (from, to, isValid) in [
      ("One two.", "One three.", false), ("One two.", "One  two. ", true), ("To: ann", "To:  ann", true),
      ("One-Click", "One-Clack", false), ("\r\nTo:", "\r\nFrom: evil@evil.example\r\nTo:", false),
    ] {
      let changed = signed.replacing(from, with: to)
      #expect(changed != signed)
      #expect(try await verify(Array(changed.utf8), signer) == isValid, "\(from) → \(to)")
    }
  }

  @Test func `what is no key, a weak key or no name is refused`() throws {
    let key = try Self.key.get()
    #expect(throws: DKIMSigner.Problem.noKey) { try DKIMSigner(domain: "a.example", selector: "s", privateKey: "x") }
    for (domain, selector) in [("a b", "s"), ("a.example", ""), ("a..example", "s"), ("a.example", "s;d")] {
      #expect(throws: DKIMSigner.Problem.self) { try DKIMSigner(domain: domain, selector: selector, privateKey: key) }
    }
  }
}
