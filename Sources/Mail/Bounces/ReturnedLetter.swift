/// The letter that a report returns, whole or in part.
enum ReturnedLetter {
  private static let maximumNames = 20
  private static let maximumHeaderBytes = 20_000

  static func original(_ root: MIMEPart, _ parts: [MIMEPart]) -> BounceReport.Original {
    let returned = parts.dropFirst().flatMap { part in
      // Some return the header of the letter as a text.
      part.all("message-id") + MIMEPart(parsing: part.body.prefix(maximumHeaderBytes)).all("message-id")
    }
    let quoted = parts.flatMap { BounceText.quotedMessageIDs(in: $0.text) }
    let references = root.all("in-reply-to") + root.all("references")
    let names = ["to", "delivered-to", "x-original-to", "envelope-to", "apparently-to", "x-envelope-to"]
    return BounceReport.Original(
      messageIDs: distinct(returned.flatMap(BounceText.bracketed) + quoted + references.flatMap(BounceText.bracketed)),
      returnAddresses: distinct(names.flatMap(root.all).flatMap { BounceText.addresses(in: $0) })
    )
  }

  /// Whom the letter was to, when it was to one.
  static func recipients(_ root: MIMEPart, _ explanation: BounceExplanation? = nil) -> [String] {
    let letters = root.descendants.filter(\.isLetter).flatMap(\.parts)
    let headers = root.descendants.filter { $0.type == "text/rfc822-headers" }.map { MIMEPart(parsing: $0.body) }
    let quoted = explanation.map { [MIMEPart(parsing: header(in: $0.returned))] } ?? []
    for letter in letters + headers + quoted {
      let found = distinct(letter.all("to").flatMap { BounceText.addresses(in: $0) })
      if found.count == 1 { return found }
    }
    return []
  }

  /// From the first line that is a field.
  private static func header(in text: String) -> [UInt8] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let start = lines.firstIndex(where: { $0.contains(/^[A-Za-z][A-Za-z\-]+:/) }) else { return [] }
    return Array(lines[start...].joined(separator: "\n").utf8)
  }

  private static func distinct(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return Array(names.filter { seen.insert($0).inserted }.prefix(maximumNames))
  }
}
