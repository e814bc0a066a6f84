import Foundation

/// The words of a report, cut to what a person would read of it: all that looks at them takes time in proportion.
enum BounceText {
  private static let maximumCharacters = 4_000
  private static let maximumLine = 400
  private static let maximumBytes = 40_000

  /// The first lines that say something, each cut.
  static func readable(_ text: String, isHTML: Bool) -> String {
    let start = String(decoding: text.utf8.prefix(maximumBytes), as: UTF8.self)
    let plain = isHTML ? withoutTags(start) : start
    var result = ""
    var room = maximumCharacters
    for line in plain.split(separator: "\n", omittingEmptySubsequences: true) where room > 0 {
      let start = line.prefix(maximumLine)
      result += start + "\n"
      room -= start.count + 1
    }
    return result
  }

  /// Tags become spaces; an address in angle brackets is no tag. What styles and scripts hold is left out.
  private static func withoutTags(_ html: String) -> String {
    var result = ""
    var hidden: String?
    var rest = html[...]
    while let open = rest.utf8.firstIndex(of: 0x3C), let close = rest.utf8[open...].firstIndex(of: 0x3E) {
      if hidden == nil { result += rest[..<open] }
      let tag = rest[rest.utf8.index(after: open)..<close]
      let name = tag.prefix(8).lowercased()
      if hidden.map({ name.hasPrefix("/" + $0) }) ?? false {
        hidden = nil
      } else if hidden == nil, let kind = ["style", "script"].first(where: name.hasPrefix) {
        hidden = kind
      } else if hidden == nil {
        let endsLine = ["br", "p", "/p", "div", "/div", "tr", "/tr", "li"].contains { name.prefix { $0 != " " } == $0 }
        result += tag.contains("@") ? "<\(tag)>" : endsLine ? "\n" : " "
      }
      rest = rest[rest.utf8.index(after: close)...]
    }
    if hidden == nil { result += rest }
    return result.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&nbsp;", with: " ")
  }

  /// An address with what stands next to it.
  struct Place {
    var address: String
    /// At most 40 bytes before it, and 20 behind.
    var head: String
    var tail: String
  }

  /// Addresses in the order they stand.
  static func addresses(in text: some StringProtocol, limit: Int = 50) -> [String] {
    let bytes = Array(text.utf8.prefix(maximumBytes))
    return spans(in: bytes, limit: limit).map { String(decoding: bytes[$0], as: UTF8.self) }
  }

  static func places(in text: some StringProtocol, limit: Int = 50) -> [Place] {
    let bytes = Array(text.utf8.prefix(maximumBytes))
    return spans(in: bytes, limit: limit).map { span in
      Place(
        address: String(decoding: bytes[span], as: UTF8.self),
        head: String(decoding: bytes[..<span.lowerBound].suffix(40), as: UTF8.self),
        tail: String(decoding: bytes[span.upperBound...].prefix(20), as: UTF8.self)
      )
    }
  }

  private static let quote = UInt8(ascii: "\"")

  /// Found from their @.
  private static func spans(in bytes: [UInt8], limit: Int) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var position = 0
    while found.count < limit, let at = bytes[position...].firstIndex(of: UInt8(ascii: "@")) {
      var start = at
      if at > position, bytes[at - 1] == quote {
        let room = bytes[max(position, at - 66)..<(at - 1)]
        start = room.lastIndex(of: quote) ?? at
      } else {
        while start > position, at - start < 64, isLocal(bytes[start - 1]) { start -= 1 }
      }
      var end = at + 1
      while end < bytes.count, end - at <= 253, isDomain(bytes[end]) { end += 1 }
      position = max(end, at + 1)
      while end > at + 1, !isAlphanumeric(bytes[end - 1]) { end -= 1 }
      while start < at, [UInt8(ascii: "."), UInt8(ascii: "'")].contains(bytes[start]) { start += 1 }
      guard start < at, end > at + 1 else { continue }
      found.append(start..<end)
    }
    return found
  }

  private static let messageIDFields = ["message-id:", "x-original-message-id:", "original-message-id:"]

  /// What stands between angle brackets after `Message-ID:` at the start of a line, quoted or not.
  static func quotedMessageIDs(in text: String) -> [String] {
    var found: [String] = []
    for line in text.utf8.prefix(maximumBytes).split(separator: 0x0A) where found.count < 20 {
      let content = line.drop { $0 == 0x3E || $0 == 0x20 || $0 == 0x09 }.prefix(400)
      guard
        messageIDFields.contains(where: { name in
          content.prefix(name.utf8.count).elementsEqual(name.utf8, by: { $0 | 0x20 == $1 | 0x20 })
        })
      else { continue }
      found += bracketed(String(decoding: content, as: UTF8.self))
    }
    return found
  }

  /// What stands between angle brackets, without blanks.
  static func bracketed(_ text: String) -> [String] {
    text.prefix(4_000).split(separator: "<", omittingEmptySubsequences: false).dropFirst().compactMap { piece in
      guard let end = piece.firstIndex(of: ">") else { return nil }
      let inner = piece[..<end]
      return (3...250).contains(inner.utf8.count) && !inner.contains(where: \.isWhitespace) ? String(inner) : nil
    }
  }

  private static func isLocal(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || ".!#$%&'*+/=?^_`{|}~-".utf8.contains(byte)
  }

  private static func isDomain(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || byte == 0x2E || byte == 0x2D }
}
