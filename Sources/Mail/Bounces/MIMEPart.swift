import Foundation

/// A received message or a part of one, read leniently: whatever the bytes are, there is a result (RFC 2045, RFC 5322).
struct MIMEPart: Sendable {
  /// Names in lower case, values unfolded and decoded; repeated fields keep their order.
  private(set) var fields: [(name: String, value: String)] = []
  /// In lower case, without parameters; `text/plain` when there is none.
  private(set) var type = "text/plain"
  private(set) var parts: [MIMEPart] = []
  /// After the transfer encoding was undone. Empty when there are parts.
  private(set) var body: [UInt8] = []

  /// What is beyond is not looked at: a bounce says what it has to say early.
  static let maximumBytes = 512 * 1024
  private static let maximumDepth = 8
  private static let maximumParts = 50
  private static let maximumFields = 500
  private static let maximumFieldBytes = 8_000

  init(parsing bytes: some Collection<UInt8>) {
    let start = bytes.prefix(Self.maximumBytes)
    // Old Macintosh programs end lines with CR alone.
    let lines = start.contains(0x0A) ? start.filter { $0 != 0x0D } : start.map { $0 == 0x0D ? 0x0A : $0 }
    self.init(lines: lines, depth: 0)
  }

  private init(lines bytes: [UInt8], depth: Int) {
    var bytes = bytes[...]
    if depth == 0 { bytes = bytes.drop { $0 == 0x0A || $0 == 0x20 || $0 == 0x09 } }
    // What an mbox or a pipe puts in front.
    if bytes.starts(with: "From ".utf8), let end = bytes.firstIndex(of: 0x0A) { bytes = bytes[(end + 1)...] }
    let bodyStart = readFields(bytes)
    let content = bytes[bodyStart...]
    let typeField = first("content-type") ?? ""
    type = typeField.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
    if !type.contains("/") { type = "text/plain" }
    guard depth < Self.maximumDepth else { return }
    if type.hasPrefix("multipart/") {
      let boundary = Self.parameter("boundary", of: typeField) ?? ""
      var pieces = boundary.isEmpty ? [] : Self.split(content, at: boundary)
      // Programs that pass reports on rewrite the header and forget the body, or the other way round.
      if pieces.isEmpty, let used = Self.boundaryInUse(content) { pieces = Self.split(content, at: used) }
      parts = pieces.map { MIMEPart(lines: $0, depth: depth + 1) }
      if !parts.isEmpty { return }
      type = "text/plain"
    }
    let encoding = first("content-transfer-encoding")?.lowercased() ?? ""
    let decoded = Self.decoded(content, encoding)
    if isLetter {
      parts = [MIMEPart(lines: decoded, depth: depth + 1)]
    } else {
      body = decoded
    }
  }

  /// The value of the first field of that name.
  func first(_ name: String) -> String? { fields.first { $0.name == name }?.value }

  func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

  /// This part and all within, in order.
  var descendants: [MIMEPart] { [self] + parts.flatMap(\.descendants) }

  var isLetter: Bool { type == "message/rfc822" || type == "message/global" }

  /// Like `descendants`, without what is inside of letters that are attached: what the sender itself says.
  var surface: [MIMEPart] { [self] + (isLetter ? [] : parts.flatMap(\.surface)) }

  /// The body as text: in its charset where that is known, else UTF-8, else Latin-1.
  var text: String { Charset.text(body, parameter("charset")) }

  func parameter(_ name: String) -> String? { Self.parameter(name, of: first("content-type") ?? "") }

  /// - Returns: where the body starts.
  private mutating func readFields(_ bytes: ArraySlice<UInt8>) -> Int {
    var position = bytes.startIndex
    var field: [UInt8] = []
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    while position < bytes.endIndex {
      let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.endIndex
      let line = bytes[position..<end]
      guard let head = line.first else {
        append(field)
        return min(end + 1, bytes.endIndex)
      }
      if isBlank(head), !field.isEmpty {
        if field.count < Self.maximumFieldBytes { field += [0x20] + line.drop(while: isBlank) }
      } else {
        append(field)
        // A line that is no field ends the header: some senders forget the blank line.
        guard line.contains(0x3A) else { return position }
        field = Array(line)
      }
      position = min(end + 1, bytes.endIndex)
    }
    append(field)
    return bytes.endIndex
  }

  private mutating func append(_ field: [UInt8]) {
    guard fields.count < Self.maximumFields, let colon = field.firstIndex(of: 0x3A) else { return }
    let field = field.prefix(Self.maximumFieldBytes)
    let name = String(decoding: field[..<colon], as: UTF8.self).trimmingCharacters(in: .whitespaces).lowercased()
    let value = String(decoding: field[(colon + 1)...], as: UTF8.self).trimmingCharacters(in: .whitespaces)
    fields.append((name, EncodedWords.decoded(value)))
  }

  private static func split(_ body: ArraySlice<UInt8>, at boundary: String) -> [[UInt8]] {
    let delimiter = Array("--\(boundary)".utf8)
    var parts: [[UInt8]] = []
    var current: [UInt8]?
    for line in body.split(separator: 0x0A, omittingEmptySubsequences: false) {
      guard line.starts(with: delimiter) else {
        current?.append(contentsOf: line)
        current?.append(0x0A)
        continue
      }
      // The line end before a delimiter belongs to it (RFC 2046 §5.1.1).
      if let current { parts.append(current.last == 0x0A ? current.dropLast() : current) }
      let isLast = line.dropFirst(delimiter.count).starts(with: [0x2D, 0x2D])
      guard !isLast, parts.count < maximumParts else { return parts }
      current = []
    }
    // Cut short on the way.
    if let current { parts.append(current) }
    return parts
  }

  /// What delimits parts, as the first line shows that starts with two hyphens and is followed by a field.
  private static func boundaryInUse(_ body: ArraySlice<UInt8>) -> String? {
    var candidate: ArraySlice<UInt8>?
    for line in body.split(separator: 0x0A, maxSplits: 200, omittingEmptySubsequences: false) {
      if let candidate, line.prefix(8).elementsEqual("content-".utf8, by: { $0 | 0x20 == $1 | 0x20 }) {
        return String(decoding: candidate.dropFirst(2), as: UTF8.self)
      }
      let isDelimiter = line.starts(with: [0x2D, 0x2D]) && (3...200).contains(line.count) && !line.contains(0x20)
      candidate = isDelimiter ? line : nil
    }
    return nil
  }

  private static func decoded(_ content: ArraySlice<UInt8>, _ encoding: String) -> [UInt8] {
    switch encoding {
    case "quoted-printable": QuotedPrintable.decoded(content)
    case "base64":
      Data(base64Encoded: Data(content.filter { $0 > 0x20 }), options: .ignoreUnknownCharacters)
        .map { $0.filter { $0 != 0x0D } } ?? Array(content)
    default: Array(content)
    }
  }

  /// A parameter of a structured field, with or without quotes.
  static func parameter(_ name: String, of field: String) -> String? {
    for part in field.split(separator: ";").dropFirst() {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2, pair[0].trimmingCharacters(in: .whitespaces).lowercased() == name else { continue }
      return pair[1].trimmingCharacters(in: CharacterSet(charactersIn: "\"' \t"))
    }
    return nil
  }
}

extension QuotedPrintable {
  /// Of lines that end in LF.
  static func decoded(_ bytes: some Collection<UInt8>) -> [UInt8] {
    let bytes = Array(bytes)
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == 0x3D, index + 1 < bytes.count, bytes[index + 1] == 0x0A {
        index += 2
      } else if bytes[index] == 0x3D, index + 2 < bytes.count,
        let byte = UInt8(String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
      {
        result.append(byte)
        index += 3
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return result
  }
}
