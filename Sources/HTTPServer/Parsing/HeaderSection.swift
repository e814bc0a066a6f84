import HTTPTypes

/// The bytes of a request head with the place of every field in it. Names and values become text only when asked for.
struct HeaderSection: Equatable, Sendable {
  /// Where one field stands, counted from the first byte of the head.
  struct Line: Equatable, Sendable {
    var name: Range<Int32>
    var value: Range<Int32>
  }

  /// From the request line to the last field.
  let bytes: [UInt8]
  let lines: [Line]

  /// The first value of a field.
  /// - Parameter name: in lower case.
  func first(_ name: StaticString) -> ArraySlice<UInt8>? {
    for line in lines where bytes[line.name.indices].isASCIIEqual(lowercase: name) { return bytes[line.value.indices] }
    return nil
  }

  /// Every value of a field, in order.
  func all(_ name: StaticString) -> [ArraySlice<UInt8>] {
    var values: [ArraySlice<UInt8>] = []
    for line in lines where bytes[line.name.indices].isASCIIEqual(lowercase: name) {
      values.append(bytes[line.value.indices])
    }
    return values
  }

  /// A list field as one text, its lines joined by commas (RFC 9110 §5.3).
  func list(_ name: StaticString) -> String? {
    let values = all(name)
    return values.isEmpty ? nil : String(decoding: Array(values.joined(separator: [0x2C])), as: UTF8.self)
  }

  func count(_ name: StaticString) -> Int {
    var count = 0
    for line in lines where bytes[line.name.indices].isASCIIEqual(lowercase: name) { count += 1 }
    return count
  }

  /// Whether a comma-separated field names an option, whatever its case; empty elements are ignored (RFC 9110 §5.6.1).
  func lists(_ name: StaticString, _ option: StaticString) -> Bool {
    for line in lines where bytes[line.name.indices].isASCIIEqual(lowercase: name) {
      for element in bytes[line.value.indices].split(separator: 0x2C) {
        if element.trimmingOptionalWhitespace.isASCIIEqual(lowercase: option) { return true }
      }
    }
    return false
  }

  /// All fields as the ecosystem's type.
  var fields: HTTPFields {
    var fields = HTTPFields()
    for line in lines {
      guard let name = HTTPField.Name(String(decoding: bytes[line.name.indices], as: UTF8.self)) else { continue }
      fields.append(HTTPField(name: name, value: String(decoding: bytes[line.value.indices], as: UTF8.self)))
    }
    return fields
  }
}

extension HeaderSection.Line {
  /// One field line `name ":" OWS value OWS` (RFC 9112 §5), in `bytes[range]`. No space before the colon, no folding,
  /// no control bytes.
  /// - Parameter origin: where the head starts in `bytes`.
  init(parsing bytes: Span<UInt8>, _ range: Range<Int>, origin: Int) throws(Rejection) {
    // Most of a request's bytes pass here; the pointer never leaves `range`, which lies within the span.
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
    let (colon, first, last, isClean) = bytes.withUnsafeBufferPointer { Self.scan($0, range) }
    guard colon < range.upperBound, bytes[colon] == 0x3A, colon > range.lowerBound else {
      throw Self.problem(bytes, range, stoppedAt: colon)
    }
    guard isClean else { throw .malformed("a control character in the value of a header field") }
    name = Int32(range.lowerBound - origin)..<Int32(colon - origin)
    value = Int32(first - origin)..<Int32(last - origin)
  }

  /// Where the name ends, where the trimmed value begins and ends, and whether it may stand there.
  private static func scan(
    _ bytes: UnsafeBufferPointer<UInt8>,
    _ range: Range<Int>
  ) -> (colon: Int, first: Int, last: Int, isClean: Bool) {
    var colon = range.lowerBound
    while colon < range.upperBound, isTokenByte(bytes[colon]) { colon += 1 }
    var first = min(colon + 1, range.upperBound)
    var last = range.upperBound
    while first < last, isOptionalWhitespace(bytes[first]) { first += 1 }
    while last > first, isOptionalWhitespace(bytes[last - 1]) { last -= 1 }
    var index = first
    while index < last, isFieldValueByte(bytes[index]) { index += 1 }
    return (colon, first, last, index == last)
  }

  private static func problem(_ bytes: Span<UInt8>, _ range: Range<Int>, stoppedAt index: Int) -> Rejection {
    if index == range.lowerBound, index < range.upperBound, isOptionalWhitespace(bytes[index]) {
      return .malformed("a folded header line")
    }
    return index < range.upperBound
      ? .malformed("a header name that is not a token") : .malformed("a header line without a colon")
  }
}

extension Range<Int32> {
  fileprivate var indices: Range<Int> { Int(lowerBound)..<Int(upperBound) }
}

extension ArraySlice<UInt8> {
  var trimmingOptionalWhitespace: ArraySlice<UInt8> {
    var slice = self
    while let byte = slice.first, isOptionalWhitespace(byte) { slice = slice.dropFirst() }
    while let byte = slice.last, isOptionalWhitespace(byte) { slice = slice.dropLast() }
    return slice
  }
}
