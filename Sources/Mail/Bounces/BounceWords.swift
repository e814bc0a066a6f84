import Foundation

/// Text made ready to look for phrases in: in lower case, with one space for every run of blanks and line ends.
struct BounceWords {
  let text: String

  private static let maximumCharacters = 4_500

  init(_ text: some StringProtocol) {
    self.text = text.prefix(Self.maximumCharacters).lowercased().split { $0.isWhitespace || $0 == "\0" }
      .joined(separator: " ")
  }

  /// As bytes, since hundreds of phrases are looked for; UTF-8 finds no phrase but where it stands.
  func contains(any phrases: [String]) -> Bool {
    text.withCString { text in phrases.contains { strstr(text, $0) != nil } }
  }
}
