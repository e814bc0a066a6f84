import Mustache
import Testing

@testable import CouncilDigest

/// Templates see the same through `NamedValues` as by the library's own reflection.
struct NamedValuesTests {
  @Test(arguments: ["\u{301}", "\u{200D}", "\u{FE0F}", "\u{903}", "\u{1F3FD}", "\u{E0061}"])
  func `a mark that something combines with is escaped all the same`(_ combining: String) throws {
    struct View { var text: String }
    let template = try MustacheTemplate(string: "{{text}}")
    for mark in ["<", ">", "&", "\"", "'"] {
      let shown = template.render(NamedValues.of(View(text: "a\(mark)\(combining) b=\(mark)\(combining)")))
      #expect(!shown.unicodeScalars.contains { "<>\"'".unicodeScalars.contains($0) }, "\(shown)")
      #expect(shown.unicodeScalars.filter { $0 == "&" }.count == 2 && shown.unicodeScalars.contains(";"))
    }
  }

  @Test func `other text stays as it is`() throws {
    for text in ["“quoted” <ü> &\u{e9} '…' \"😀\"", "e\u{301} 👩‍👩‍👧", ""] {
      struct View { var text: String }
      #expect(try MustacheTemplate(string: "{{{text}}}").render(NamedValues.of(View(text: text))) == text)
    }
  }

  private struct View {
    struct Row {
      var label: String
      var times: Int
      var link: Link?
    }

    struct Link {
      var path: String
    }

    enum Kind { case council }

    struct Given: MustacheParent {
      func child(named name: String) -> Any? { name == "given" ? "by name" : nil }
    }

    var title = "A & B"
    var absent: String?
    var present: String? = "here"
    var isShown = true
    var isHidden: Bool? = false
    var noRow: Row?
    var row: Row? = Row(label: "alone", times: 1, link: Link(path: "/alone"))
    var rows = [Row(label: "first", times: 2), Row(label: "second", times: 3, link: Link(path: "/second"))]
    var none: [Row] = []
    var noList: [Row]?
    var words: [String]? = ["x", "y"]
    var ratio = 0.5
    var kind = Kind.council
    var given = Given()
  }

  @Test(
    arguments: [
      "{{title}} {{{title}}}", "{{absent}}|{{present}}", "{{#isShown}}yes{{/isShown}}{{^isShown}}no{{/isShown}}",
      "{{#isHidden}}yes{{/isHidden}}{{^isHidden}}no{{/isHidden}}", "{{#noRow}}x{{/noRow}}{{^noRow}}no row{{/noRow}}",
      "{{#row}}{{label}} {{times}} {{link.path}} {{title}}{{/row}}", "{{row.link.path}}",
      "{{#rows}}{{label}}:{{times}}{{#link}} {{path}}{{/link}}{{^link}} none{{/link}}{{present}};{{/rows}}",
      "{{#none}}x{{/none}}{{^none}}nothing{{/none}}", "{{#noList}}x{{/noList}}{{^noList}}no list{{/noList}}",
      "{{#words}}{{.}},{{/words}}", "{{#present}}{{.}}{{/present}}", "{{ratio}} {{kind}}",
      "{{#given}}{{given}}{{/given}}",
      "{{#rows}}{{#first()}}first{{/first()}}{{label}}{{^last()}}, {{/last()}}{{/rows}}",
      "{{count(rows)}} {{count(words)}}",
      "{{unknown}}{{#unknown}}x{{/unknown}}{{^unknown}}unknown{{/unknown}}",
    ]
  )
  func `A template is rendered as by reflection`(_ text: String) throws {
    let template = try MustacheTemplate(string: text)
    let byReflection = template.render(View())
    #expect(template.render(NamedValues.of(View())) == byReflection)
    #expect(!byReflection.isEmpty)
  }
}
