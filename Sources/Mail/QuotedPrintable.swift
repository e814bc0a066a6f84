/// Quoted-printable for text (RFC 2045 §6.7): lines of at most 76 bytes, line ends as CRLF, trailing blanks encoded.
enum QuotedPrintable {
  static func append(_ text: String, to output: inout [UInt8]) {
    var lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)[...]
    // A final newline ends the last line; it does not start an empty one.
    if lines.count > 1, lines.last?.isEmpty == true { lines = lines.dropLast() }
    for line in lines { append(line: line.last == 0x0D ? line.dropLast() : line, to: &output) }
  }

  private static func append(line: Substring.UTF8View.SubSequence, to output: inout [UInt8]) {
    var column = 0
    let last = line.endIndex
    var index = line.startIndex
    while index < last {
      let byte = line[index]
      let next = line.index(after: index)
      let isPlain = isPlain(byte, atStart: column == 0, atEnd: next == last)
      let width = isPlain ? 1 : 3
      // 75 leaves room for the "=" of a soft line break; at the end of the line none is needed.
      if column + width > (next == last ? 76 : 75) {
        output.append(contentsOf: [0x3D, 0x0D, 0x0A])
        column = 0
        continue
      }
      if isPlain {
        output.append(byte)
      } else {
        output.append(contentsOf: [0x3D, hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]])
      }
      column += width
      index = next
    }
    output.append(contentsOf: [0x0D, 0x0A])
  }

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

  private static let hexDigits = Array("0123456789ABCDEF".utf8)
}
