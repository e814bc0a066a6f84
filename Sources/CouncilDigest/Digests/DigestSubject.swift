/// What a digest says about itself before it is opened.
struct DigestSubject: Equatable {
  var text: String
  var preheader: String

  private static let maximumCharacters = 110

  init(_ view: EditionView) {
    let items = view.sections.flatMap { section in section.items.map { (section.shortName, $0) } }
    guard let (council, first) = items.first else {
      text = "A quiet week: " + Self.names(view.sections.map(\.council))
      preheader = view.sections.first?.quiet ?? ""
      return
    }
    let subjects = first.headings.isEmpty ? [first.title] : first.headings
    let lead = "\(council): \(subjects.first ?? "")"
    let more = items.count - 1
    text = Self.shortened(lead) + (more == 0 ? "" : more == 1 ? " and 1 more meeting" : " and \(more) more meetings")
    preheader = items.prefix(3).map { "\($0.1.title), \($0.1.date)" }.joined(separator: " · ")
  }

  private static func names(_ councils: [String]) -> String {
    guard councils.count > 2 else { return councils.joined(separator: " and ") }
    return "\(councils[0]) and \(councils.count - 1) more councils"
  }

  private static func shortened(_ text: String) -> String {
    guard text.count > maximumCharacters else { return text }
    let words = text.prefix(maximumCharacters).split(separator: " ").dropLast()
    return words.joined(separator: " ") + "…"
  }
}
