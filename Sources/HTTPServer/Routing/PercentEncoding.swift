/// Decodes `%XX` once. Nil for a broken escape, a NUL, or bytes that are not UTF-8.
/// - Parameter plusIsSpace: true in form data and queries (WHATWG URL, application/x-www-form-urlencoded).
public func percentDecoded(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
  var bytes: [UInt8] = []
  var source = text.utf8.makeIterator()
  while let byte = source.next() {
    switch byte {
    case 0x25:
      guard let high = source.next().flatMap(hexValue), let low = source.next().flatMap(hexValue) else { return nil }
      bytes.append(high << 4 | low)
    case 0x2B where plusIsSpace: bytes.append(0x20)
    default: bytes.append(byte)
    }
  }
  guard !bytes.contains(0) else { return nil }
  return String(validating: bytes, as: UTF8.self)
}

/// Encodes everything but RFC 3986 unreserved characters, for one path segment or one query value.
public func percentEncoded(_ text: String) -> String {
  var result = ""
  for byte in text.utf8 {
    if isAlphanumeric(byte) || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte) {
      result.unicodeScalars.append(Unicode.Scalar(byte))
    } else {
      result += "%" + hexDigit(byte >> 4) + hexDigit(byte & 15)
    }
  }
  return result
}

private func hexDigit(_ value: UInt8) -> String { String(value, radix: 16, uppercase: true) }
