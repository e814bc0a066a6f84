import Foundation

/// The relaxed forms of a letter's parts, which survive what relays do to blanks (RFC 6376 §3.4).
enum DKIMCanonical {
  /// A field as it stands: its name in lower case, its value with its folds.
  struct Field: Equatable {
    var name: String
    var value: String
  }

  /// The fields of the head, and the body after the empty line.
  static func split(_ message: [UInt8]) -> (fields: [Field], body: ArraySlice<UInt8>) {
    var fields: [Field] = []
    var start = message.startIndex
    while let end = endOfLine(message[...], from: start) {
      let line = message[start..<end]
      start = end + 2
      guard !line.isEmpty else { return (fields, message[start...]) }
      if line.first == 0x20 || line.first == 0x09, !fields.isEmpty {
        fields[fields.count - 1].value += "\r\n" + String(decoding: line, as: UTF8.self)
      } else if let colon = line.firstIndex(of: 0x3A) {
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased().trimmingCharacters(in: .whitespaces)
        fields.append(Field(name: name, value: String(decoding: line[(colon + 1)...], as: UTF8.self)))
      }
    }
    return (fields, message[start...])
  }

  /// §3.4.2: unfolded, each run of blanks one space, none around the value.
  static func field(_ name: String, _ value: String) -> String {
    let words = value.utf8.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A }
    return "\(name):" + words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
  }

  /// §3.4.4: each run of blanks one space, none at line ends, no empty lines at the end.
  static func body(_ body: ArraySlice<UInt8>) -> [UInt8] {
    // By pointer: a letter has tens of thousands of bytes.
    body.withUnsafeBufferPointer { body in
      // A line end may grow from one byte to two.
      [UInt8](unsafeUninitializedCapacity: 2 * body.count + 2) { write(body, to: &$0, &$1) }
    }
  }

  private static func write(
    _ body: UnsafeBufferPointer<UInt8>,
    to output: inout UnsafeMutableBufferPointer<UInt8>,
    _ count: inout Int
  ) {
    var (emptyLines, isEmptyLine, hasBlank) = (0, true, false)
    for byte in body {
      switch byte {
      // Letters have CR only in front of LF.
      case 0x0D: continue
      case 0x0A:
        if isEmptyLine { emptyLines += 1 } else { endLine(&output, &count) }
        (isEmptyLine, hasBlank) = (true, false)
      case 0x20, 0x09: hasBlank = true
      default:
        while emptyLines > 0 {
          endLine(&output, &count)
          emptyLines -= 1
        }
        if hasBlank {
          output[count] = 0x20
          count += 1
        }
        output[count] = byte
        count += 1
        (isEmptyLine, hasBlank) = (false, false)
      }
    }
    if !isEmptyLine { endLine(&output, &count) }
  }

  private static func endLine(_ output: inout UnsafeMutableBufferPointer<UInt8>, _ count: inout Int) {
    output[count] = 0x0D
    output[count + 1] = 0x0A
    count += 2
  }

  private static func endOfLine(_ bytes: ArraySlice<UInt8>, from start: Int) -> Int? {
    var index = start
    while let found = bytes[index...].firstIndex(of: 0x0D) {
      if found + 1 < bytes.endIndex, bytes[found + 1] == 0x0A { return found }
      index = found + 1
    }
    return nil
  }
}
