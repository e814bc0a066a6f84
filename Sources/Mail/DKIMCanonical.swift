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
    var output: [UInt8] = []
    output.reserveCapacity(body.count + 2)
    var emptyLines = 0
    var isEmptyLine = true
    var hasBlank = false
    func endLine() {
      if isEmptyLine { emptyLines += 1 } else { output += lineEnd }
      isEmptyLine = true
      hasBlank = false
    }
    body.withUnsafeBufferPointer { bytes in
      for byte in bytes {
        switch byte {
        // Letters have CR only in front of LF.
        case 0x0D: continue
        case 0x0A: endLine()
        case 0x20, 0x09: hasBlank = true
        default:
          if isEmptyLine {
            for _ in 0..<emptyLines { output += lineEnd }
            emptyLines = 0
            isEmptyLine = false
          }
          if hasBlank { output.append(0x20) }
          hasBlank = false
          output.append(byte)
        }
      }
    }
    if !isEmptyLine { endLine() }
    return output
  }

  private static let lineEnd: [UInt8] = [0x0D, 0x0A]

  private static func endOfLine(_ bytes: ArraySlice<UInt8>, from start: Int) -> Int? {
    var index = start
    while let found = bytes[index...].firstIndex(of: 0x0D) {
      if found + 1 < bytes.endIndex, bytes[found + 1] == 0x0A { return found }
      index = found + 1
    }
    return nil
  }
}
