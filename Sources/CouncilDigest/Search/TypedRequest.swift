import Foundation

/// What a person typed into the form that asks for a topic.
enum TypedRequest {
  /// Without the markup that came along, and in small letters when all of it was typed in capitals.
  static func plain(_ text: String) -> String {
    let bare = text.replacing(
      #/<(script|style)\b[^>]*>.*?</(script|style)\s*>/#.ignoresCase().dotMatchesNewlines(),
      with: " "
    )
    .replacing(#/<[/!?]?[A-Za-z][^<>]*>/#, with: " ")
    .replacing(/&(#\d{1,7}|#x[0-9A-Fa-f]{1,6}|[A-Za-z]{2,12});/, with: " ")
    let words = words(of: bare)
    // SEND alone is not "send".
    let isShouted = words.count > 1 && !bare.contains(where: \.isLowercase) && words.contains(where: StopWords.isAsking)
    return isShouted ? bare.lowercased() : bare
  }

  /// With hyphens, apostrophes and digits; the name of a saint, as of a place, is one.
  static func words(of text: String) -> [String] {
    var words: [String] = []
    var saint: Substring?
    for word in text.split(whereSeparator: { !isPart($0) }) {
      let word = word.trimming("-’'&")
      guard !word.isEmpty else { continue }
      if let title = saint, word.first?.isUppercase == true {
        words[words.count - 1] = "\(title) \(word)"
        saint = nil
        continue
      }
      saint = ["St", "Saint"].contains(word) ? word : nil
      words.append(String(word))
    }
    return words
  }

  private static func isPart(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || "-’'&".contains(character)
  }
}

extension Substring {
  fileprivate func trimming(_ marks: String) -> Substring {
    var rest = drop { marks.contains($0) }
    while let last = rest.last, marks.contains(last) { rest.removeLast() }
    return rest
  }
}
