import Foundation
import TestSupport
import Testing

@testable import Mail

@Suite struct LetterTests {
  private func letter(
    subject: String = "Hello",
    text: String = "Hi",
    html: String = "<p>Hi</p>",
    name: String = "Council Digest"
  ) throws -> Letter {
    let shared = SharedLetter(
      from: Mailbox(name: name, address: try EmailAddress(parsing: "digest@example.org")),
      subject: subject,
      text: text,
      html: html
    )
    return Letter(
      shared,
      to: try EmailAddress(parsing: "ann@example.org"),
      date: Date(timeIntervalSince1970: 1_795_000_000),
      messageID: "digest.abc@example.org",
      fields: [.init("List-Unsubscribe", "<https://example.org/unsubscribe/\(String(repeating: "t", count: 60))>")]
    )
  }

  private static let hard = [
    "plain", "Grüße aus Llanfair­pwllgwyngyll – “Röhre” €5", ".dot\n..dots\nFrom here\n",
    "trailing space \nand tab\t\n=equals=",
    String(repeating: "long ", count: 500), String(repeating: "x", count: 3_000), "👩‍👩‍👧 family\n\n\nempty lines\n",
    "ends without newline", "",
    String(repeating: "é", count: 200),
  ]

  @Test(arguments: hard.indices)
  func `an independent parser reads back what was written`(_ index: Int) async throws {
    let text = Self.hard[index]
    let subject = text.replacing("\n", with: " ").replacing("\t", with: " ")
    let bytes = try letter(subject: "Re \(subject) end", text: text, html: "<p>\(text)</p>", name: "Räte & “Co”")
      .composed().joined
    let script = """
      import sys, json, email
      from email import policy
      m = email.message_from_bytes(sys.stdin.buffer.read(), policy=policy.default)
      parts = [p.get_content() for p in m.iter_parts()]
      defects = [str(d) for p in m.walk() for d in p.defects] + [str(d) for h in m.values() for d in getattr(h, 'defects', [])]
      print(json.dumps({'defects': defects, 'subject': m['subject'], 'from': m['from'].addresses[0].display_name,
        'types': [p.get_content_type() for p in m.iter_parts()], 'parts': parts}))
      """
    let python = try #require(Machine.program("python3"))
    let answer = try await Machine.run(python, ["-c", script], input: bytes)
    #expect(answer.status == 0, "\(answer.errors)")
    let read = try #require(try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any])
    #expect(read["defects"] as? [String] == [])
    #expect(read["from"] as? String == "Räte & “Co”")
    #expect(read["types"] as? [String] == ["text/plain", "text/html"])
    let squeezed = { (text: String) in text.split(separator: " ").joined(separator: " ") }
    #expect(squeezed(read["subject"] as? String ?? "") == squeezed("Re \(subject) end"))
    let parts = try #require(read["parts"] as? [String]).map { $0.replacing("\r\n", with: "\n") }
    #expect(parts[0].trimmingCharacters(in: .newlines) == text.trimmingCharacters(in: .newlines))
    #expect(
      ReceivedLetter(parsing: bytes).text.trimmingCharacters(in: .newlines) == text.trimmingCharacters(in: .newlines)
    )
  }

  @Test(arguments: [
    "Leave:\n\u{2}link\u{3}\nand more.\n", "<a href=\"\u{2}link\u{3}\">Leave</a>", "\u{2}link\u{3}", "a\u{2}link\u{3}",
    String(repeating: "x", count: 76) + "\u{2}link\u{3}",
    "\u{2}link\u{3}\u{2}none\u{3} end \n", "\u{2}full\u{3}",
    String(repeating: "long ", count: 30) + "\u{2}link\u{3}. From here",
  ])
  func `slots are filled as if the text had been written with what is in them`(_ text: String) throws {
    var letter = try letter(text: text, html: text)
    letter.values = [
      "link": "https://example.org/unsubscribe/\(String(repeating: "a=b", count: 40))",
      "full": String(repeating: "y", count: 76),
    ]
    let read = ReceivedLetter(parsing: letter.composed().joined)
    let filled = text.replacing("\u{2}link\u{3}", with: letter.values["link"] ?? "")
      .replacing("\u{2}none\u{3}", with: "").replacing("\u{2}full\u{3}", with: letter.values["full"] ?? "")
    #expect(read.text.trimmingCharacters(in: .newlines) == filled.trimmingCharacters(in: .newlines))
    let lines = String(decoding: letter.composed().joined, as: UTF8.self).components(separatedBy: "\r\n")
    #expect(lines.allSatisfy { $0.utf8.count <= 76 || $0.hasPrefix("List-") || $0.hasPrefix(" <https") })
  }

  @Test(arguments: hard.indices)
  func `lines keep their limits and end in CRLF`(_ index: Int) throws {
    let text = Self.hard[index]
    let bytes = try letter(subject: text.replacing("\n", with: " "), text: text, html: text).composed().joined
    #expect(bytes.suffix(2) == [0x0D, 0x0A])
    for (number, byte) in bytes.enumerated() {
      if byte == 0x0A { #expect(bytes[number - 1] == 0x0D) }
      if byte == 0x0D { #expect(bytes[number + 1] == 0x0A) }
      #expect(byte < 0x80)
    }
    let lines = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n")
    let split = try #require(lines.firstIndex(of: ""))
    #expect(lines[split...].allSatisfy { $0.utf8.count <= 76 })
    #expect(lines.allSatisfy { $0.utf8.count <= 998 })
  }

  @Test func `a header value can't start another field`() throws {
    let bytes = try letter(subject: "Hi\r\nBcc: evil@example.org\u{0}").composed().joined
    #expect(ReceivedLetter(parsing: bytes).first("bcc") == nil)
    #expect(ReceivedLetter(parsing: bytes).first("subject") == "Hi  Bcc: evil@example.org")
  }

  @Test func `the same letter is the same bytes`() throws {
    #expect(try letter().composed().joined == letter().composed().joined)
  }

  @Test(arguments: [1, 7, 64, 1_000, 100_000])
  func `however it is handed out, it is the same bytes`(_ capacity: Int) throws {
    let letter = try letter(text: String(repeating: "Councillors asked. ", count: 50)).composed()
    var reader = LetterBytes.Reader(letter)
    var bytes: [UInt8] = []
    while reader.left > 0 {
      var buffer = [UInt8](repeating: 0, count: min(capacity, reader.left))
      buffer.withUnsafeMutableBytes { reader.read(into: $0) }
      bytes += buffer
    }
    #expect(bytes == letter.joined)
    #expect(bytes.count == letter.count)
    #expect(LetterBytes(bytes) == letter, "how it is cut does not matter")
    #expect(letter.preceded(by: [0x41]).joined == [0x41] + bytes)
  }

  @Test(arguments: ["https://digest.example/", ".dot", "From", "a=b", ""])
  func `a word is cut into the lines that a text is cut into`(_ start: String) {
    for length in 0...240 {
      let word = Array((start + String(repeating: "ab.F/", count: 50)).utf8.prefix(length))
      var (cut, text): ([UInt8], [UInt8]) = ([0x58], [0x58])
      let isOpen = word.withUnsafeBufferPointer { QuotedPrintable.append(word: $0, to: &cut) }
      #expect(isOpen == QuotedPrintable.append(word, goesOn: true, to: &text) && cut == text, "\(length)")
    }
  }
}
