/// Quoted-printable for text (RFC 2045 §6.7): lines of at most 76 bytes, line ends as CRLF, trailing blanks encoded.
enum QuotedPrintable {
  /// Appends a piece of text that starts at the beginning of a line of `output`.
  /// - Parameter goesOn: more text follows, after a soft line break that needs its room.
  /// - Returns: whether the last line is open: it holds something and has no line end.
  @discardableResult
  static func append(_ text: some Sequence<UInt8>, goesOn: Bool, to output: inout [UInt8]) -> Bool {
    var column = 0
    var bytes = text.makeIterator()
    var upcoming = bytes.next()
    while let byte = upcoming {
      upcoming = bytes.next()
      if byte == 0x0D, upcoming == 0x0A { continue }
      if byte == 0x0A {
        output.append(contentsOf: lineEnd)
        column = 0
        continue
      }
      let endsLine = upcoming.map { $0 == 0x0A || $0 == 0x0D } ?? !goesOn
      var width = isPlain(byte, atStart: column == 0, atEnd: endsLine) ? 1 : 3
      // 75 leaves room for the "=" of a soft line break; at the end of the line none is needed.
      if column + width > (endsLine ? 76 : 75) {
        output.append(contentsOf: softBreak)
        column = 0
        width = isPlain(byte, atStart: true, atEnd: endsLine) ? 1 : 3
      }
      if width == 1 {
        output.append(byte)
      } else {
        append(encoded: byte, to: &output)
      }
      column += width
    }
    return column > 0
  }

  /// As above, of a word that more text follows. One that stands for itself, as links do but for an equals sign, is only
  /// cut into lines.
  static func append(word: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) -> Bool {
    guard word.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3D }) else {
      return append(word, goesOn: true, to: &output)
    }
    var rest = word[...]
    while true {
      var room = 75
      if let first = rest.first, !isPlain(first, atStart: true, atEnd: false) {
        append(encoded: rest.removeFirst(), to: &output)
        room -= 3
      }
      output += rest.prefix(room)
      rest = rest.dropFirst(room)
      guard !rest.isEmpty else { return !word.isEmpty }
      output += softBreak
    }
  }

  static let lineEnd: [UInt8] = [0x0D, 0x0A]
  static let softBreak: [UInt8] = [0x3D, 0x0D, 0x0A]

  /// A dot that starts a line is encoded for relays that stuff dots twice, "F" for those that write mbox "From ".
  private static func isPlain(_ byte: UInt8, atStart: Bool, atEnd: Bool) -> Bool {
    switch byte {
    case 0x20, 0x09: !atEnd
    case 0x3D: false
    case 0x2E, 0x46: !atStart
    case 0x21...0x7E: true
    default: false
    }
  }

  private static func append(encoded byte: UInt8, to output: inout [UInt8]) {
    output.append(0x3D)
    output.append(hexDigit(byte >> 4))
    output.append(hexDigit(byte & 15))
  }

  private static func hexDigit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x37 + nibble }
}
