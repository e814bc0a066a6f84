import Foundation

/// A letter as a mail program reads it: header fields unfolded and decoded, the text and HTML parts as text.
/// Reads what this service writes, and tolerates what it does not know.
public struct ReceivedLetter: Equatable, Sendable {
  /// Names in lower case; repeated fields keep their order.
  public private(set) var fields: [(name: String, value: String)]
  public private(set) var text = ""
  public private(set) var html = ""

  public init(parsing bytes: [UInt8]) {
    let (head, body) = Self.split(bytes)
    fields = Self.fields(head)
    read(body, type: first("content-type") ?? "", encoding: first("content-transfer-encoding") ?? "")
  }

  public static func == (left: ReceivedLetter, right: ReceivedLetter) -> Bool {
    left.text == right.text && left.html == right.html
      && left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
  }

  /// The value of the first field of that name, encoded words decoded.
  public func first(_ name: String) -> String? {
    fields.first { $0.name == name.lowercased() }?.value
  }

  private mutating func read(_ body: [UInt8], type: String, encoding: String) {
    if let boundary = Self.parameter("boundary", of: type) {
      for part in Self.parts(of: body, boundary: boundary) {
        let (head, content) = Self.split(part)
        let fields = Self.fields(head)
        let value = { (name: String) in fields.first { $0.name == name }?.value ?? "" }
        read(content, type: value("content-type"), encoding: value("content-transfer-encoding"))
      }
      return
    }
    let decoded = encoding.lowercased() == "quoted-printable" ? Self.quotedPrintable(body) : body
    let content = String(decoding: decoded.filter { $0 != 0x0D }, as: UTF8.self)
    if type.lowercased().hasPrefix("text/html") { html += content } else { text += content }
  }

  private static func split(_ bytes: [UInt8]) -> (head: [UInt8], body: [UInt8]) {
    let clean = bytes.filter { $0 != 0x0D }
    guard let end = clean.indices.first(where: { $0 + 1 < clean.count && clean[$0] == 0x0A && clean[$0 + 1] == 0x0A })
    else { return (clean, []) }
    return (Array(clean[..<end]), Array(clean[(end + 2)...]))
  }

  private static func fields(_ head: [UInt8]) -> [(name: String, value: String)] {
    let unfolded = String(decoding: head, as: UTF8.self).replacing("\n ", with: " ").replacing("\n\t", with: " ")
    return unfolded.split(separator: "\n").compactMap { line in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      return (line[..<colon].lowercased(), decodedWords(value))
    }
  }

  private static func parts(of body: [UInt8], boundary: String) -> [[UInt8]] {
    let text = "\n" + String(decoding: body, as: UTF8.self)
    let parts = text.components(separatedBy: "\n--\(boundary)").dropFirst()
    return parts.filter { !$0.hasPrefix("--") }.map { Array($0.dropFirst().utf8) }
  }

  private static func parameter(_ name: String, of type: String) -> String? {
    for part in type.split(separator: ";").dropFirst() {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2, pair[0].trimmingCharacters(in: .whitespaces).lowercased() == name else { continue }
      return pair[1].trimmingCharacters(in: CharacterSet(charactersIn: "\" \t"))
    }
    return nil
  }

  private static func quotedPrintable(_ body: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index < body.count {
      if body[index] == 0x3D, index + 1 < body.count, body[index + 1] == 0x0A {
        index += 2
      } else if body[index] == 0x3D, index + 2 < body.count,
        let byte = UInt8(String(decoding: body[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
      {
        result.append(byte)
        index += 3
      } else {
        result.append(body[index])
        index += 1
      }
    }
    return result
  }

  /// RFC 2047 words in base64 and UTF-8, the only kind this service writes.
  private static func decodedWords(_ value: String) -> String {
    let words = value.components(separatedBy: "=?utf-8?B?")
    return words.dropFirst().reduce(words.first ?? "") { text, rest in
      let pieces = rest.components(separatedBy: "?=")
      let decoded = Data(base64Encoded: pieces[0]).map { String(decoding: $0, as: UTF8.self) } ?? ""
      let after = pieces.dropFirst().joined(separator: "?=")
      // White space between two encoded words is part of neither.
      return text + decoded + (after.trimmingCharacters(in: .whitespaces).isEmpty ? "" : after)
    }
  }
}
