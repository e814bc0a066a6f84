/// What a digest says about itself before it is opened.
struct DigestSubject: Equatable {
  var text: String
  var preheader: String

  /// Mail programs on phones show about 40, on desks about 80.
  private static let maximumCharacters = 80
  private static let maximumPreheader = 140

  init(_ view: EditionView) {
    let items = view.sections.flatMap { section in section.items.map { (council: section.shortName, item: $0) } }
    let omitted = view.sections.reduce(0) { $0 + $1.omitted }
    if let first = items.first {
      text = Self.subject(items.map { ($0.council, $0.item.subject) }, first.council, more: omitted)
      preheader = Self.shortened(
        items.map { "\($0.item.title), \($0.item.date)" }.joined(separator: " · "),
        Self.maximumPreheader
      )
    } else if omitted > 0 {
      text = "\(omitted) new summaries"
      preheader = "More than fits into a letter: each council’s page has them."
    } else if let correction = view.corrections.first {
      text = Self.shortened("Correction: \(correction.title)", Self.maximumCharacters)
      preheader = Self.shortened(correction.text, Self.maximumPreheader)
    } else if view.sections.isEmpty {
      text = "A quiet week for what you follow"
      preheader = "No meeting matched the topics and words you follow."
    } else {
      text = Self.shortened("A quiet week: " + Self.names(view.sections.map(\.shortName)), Self.maximumCharacters)
      preheader = view.sections.compactMap(\.quiet).first ?? ""
    }
  }

  /// "Worcestershire: SEND waiting times, safeguarding and 2 more".
  private static func subject(_ items: [(council: String, subject: String)], _ first: String, more: Int) -> String {
    var subject = shortened("\(first): \(items[0].subject)", maximumCharacters)
    var named = 1
    if items.count > 1 {
      let second = items[1].council == first ? ", \(items[1].subject)" : "; \(items[1].council): \(items[1].subject)"
      if subject.count + second.count <= maximumCharacters {
        subject += second
        named = 2
      }
    }
    let rest = items.count - named + more
    return rest == 0 ? subject : "\(subject) and \(rest) more"
  }

  private static func names(_ councils: [String]) -> String {
    guard councils.count > 2 else { return councils.joined(separator: " and ") }
    return "\(councils[0]) and \(councils.count - 1) more councils"
  }

  private static func shortened(_ text: String, _ maximum: Int) -> String {
    guard text.count > maximum else { return text }
    let words = text.prefix(maximum).split(whereSeparator: \.isWhitespace).dropLast()
    return words.isEmpty ? text.prefix(maximum) + "…" : words.joined(separator: " ") + "…"
  }
}
