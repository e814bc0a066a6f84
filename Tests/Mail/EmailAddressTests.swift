import Testing

@testable import Mail

@Suite struct EmailAddressTests {
  @Test(arguments: [
    ("ann@example.org", "ann@example.org"), ("  ann@example.org ", "ann@example.org"),
    ("Ann.O'Neil+tag@Example.ORG", "Ann.O'Neil+tag@example.org"), ("a@bücher.example", "a@xn--bcher-kva.example"),
    ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"), ("a@BÜCHER.Example", "a@xn--bcher-kva.example"),
    ("a@bu\u{308}cher.example", "a@xn--bcher-kva.example"), ("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah"),
    ("a@bücher。example", "a@xn--bcher-kva.example"),
    // What nobody sees and UTS #46 maps to nothing comes with text that was pasted.
    ("ann@example.org\u{200B}", "ann@example.org"),
    ("ann@example.1-2", "ann@example.1-2"), ("a@1.2x", "a@1.2x"),
    ("a!#$%&'*+-/=?^_`{|}~b@example.org", "a!#$%&'*+-/=?^_`{|}~b@example.org"),
  ])
  func `addresses people have are taken`(_ text: String, _ expected: String) throws {
    #expect(try EmailAddress(parsing: text).description == expected)
  }

  @Test(arguments: [
    "", " ", "ann", "ann@", "@example.org", "ann@example", "ann@@example.org", "a@b@example.org", ".ann@example.org",
    "ann.@example.org", "a..b@example.org", "ann@-example.org", "ann@example-.org", "ann@.example.org",
    "ann@example..org", "ann@example.123", "ann@[127.0.0.1]", "ann smith@example.org", "ann@exa mple.org",
    "\"a b\"@example.org", "ann@example.org, bob@example.org", "ann@example.org>\r\nRCPT TO:<evil@example.org",
    "ann\u{0}@example.org", "änn@example.org", "a@bücher.example/evil.example", "a@bücher.example:25",
    "a@bücher.example#x", "a@bücher.example?x", "a@bücher.example\\evil", "a@bü%63her.example", "a@bücher",
    "a@bücher..example", "a@-bücher.example", "a@bücher.example\u{2028}x", "a@bücher\u{202E}.example",
    "a\u{200F}nn@example.org", "a@" + String(repeating: "ü", count: 60) + ".example",
    "ann@a_b.example.org", "ann@example.org.", "ann@-.org", "ann@a-.org", "ann@example.-", "ann@.", "ann@a.1",
    String(repeating: "a", count: 65) + "@example.org", "a@" + String(repeating: "a", count: 64) + ".org",
    "a@" + String(repeating: "abcdefgh.", count: 30) + "org",
  ])
  func `what can't be sent to is refused`(_ text: String) {
    #expect(throws: EmailAddress.Problem.self) { try EmailAddress(parsing: text) }
  }

  @Test func `the key folds case and nothing else`() throws {
    #expect(try EmailAddress(parsing: "Ann.B+c@Example.org").key == "ann.b+c@example.org")
  }
}
