// Protocol text is bytes: Swift's own lowercasing and equality follow Unicode, where "\u{212A}" lowers to "k".

func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

func isAlphanumeric(_ byte: UInt8) -> Bool {
  isDigit(byte) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
}

/// RFC 9110 §5.6.2 tchar, looked up in two words of bits.
@inline(__always)
func isTokenByte(_ byte: UInt8) -> Bool {
  let bits: UInt64 = byte < 64 ? 0x03FF_6CFA_0000_0000 : byte < 128 ? 0x57FF_FFFF_C7FF_FFFE : 0
  return bits >> UInt64(byte & 63) & 1 == 1
}

/// RFC 9110 §5.5: visible bytes, SP, HTAB and obs-text, but no other control byte.
@inline(__always)
func isFieldValueByte(_ byte: UInt8) -> Bool {
  byte >= 0x20 ? byte != 0x7F : byte == 0x09
}

func isOptionalWhitespace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

func hexValue(_ byte: UInt8) -> UInt8? {
  switch byte {
  case 0x30...0x39: byte - 0x30
  case 0x41...0x46: byte - 0x37
  case 0x61...0x66: byte - 0x57
  default: nil
  }
}

@inline(__always)
func asciiLowercased(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

extension Collection<UInt8> {
  /// Equal but for the case of ASCII letters. `text` is given in lower case.
  func isASCIIEqual(lowercase text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    var expected = text.utf8Start
    for byte in self {
      guard asciiLowercased(byte) == expected.pointee else { return false }
      expected += 1
    }
    return true
  }
}

extension StringProtocol {
  var asciiLowercased: String {
    String(decoding: utf8.map { HTTPServer.asciiLowercased($0) }, as: UTF8.self)
  }

  var trimmingOptionalWhitespace: String {
    var bytes = Array(utf8)[...]
    while let byte = bytes.first, isOptionalWhitespace(byte) { bytes = bytes.dropFirst() }
    while let byte = bytes.last, isOptionalWhitespace(byte) { bytes = bytes.dropLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Int {
  /// 1*DIGIT and nothing else: `Int("+5")` is 5, which is how bodies get smuggled. Eighteen digits can't overflow.
  init?(decimalDigits bytes: some Collection<UInt8>) {
    guard !bytes.isEmpty, bytes.count <= 18, bytes.allSatisfy(isDigit) else { return nil }
    self = bytes.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }
}
