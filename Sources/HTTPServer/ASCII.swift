// Protocol text is bytes: Swift's own lowercasing and equality follow Unicode, where "\u{212A}" lowers to "k".

func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

func isAlphanumeric(_ byte: UInt8) -> Bool {
  isDigit(byte) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
}

/// RFC 9110 §5.6.2 tchar.
func isTokenByte(_ byte: UInt8) -> Bool {
  isAlphanumeric(byte) || (byte < 0x80 && tokenMarks[Int(byte)])
}

private let tokenMarks: [Bool] = {
  var marks = [Bool](repeating: false, count: 128)
  for byte in "!#$%&'*+-.^_`|~".utf8 { marks[Int(byte)] = true }
  return marks
}()

func hexValue(_ byte: UInt8) -> UInt8? {
  switch byte {
  case 0x30...0x39: byte - 0x30
  case 0x41...0x46: byte - 0x37
  case 0x61...0x66: byte - 0x57
  default: nil
  }
}

extension StringProtocol {
  var asciiLowercased: String {
    String(decoding: utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  var trimmingOptionalWhitespace: String {
    var bytes = Array(utf8)[...]
    while let byte = bytes.first, byte == 0x20 || byte == 0x09 { bytes = bytes.dropFirst() }
    while let byte = bytes.last, byte == 0x20 || byte == 0x09 { bytes = bytes.dropLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Int {
  /// 1*DIGIT and nothing else: `Int("+5")` is 5, which is how bodies get smuggled.
  init?(decimalDigits text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard !bytes.isEmpty, bytes.count <= 18, bytes.allSatisfy(isDigit) else { return nil }
    self = bytes.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }
}
