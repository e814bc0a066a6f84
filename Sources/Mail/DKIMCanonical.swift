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
  static func body(_ body: ArraySlice<UInt8>) -> Data {
    var output = Data(capacity: body.count)
    var emptyLines = 0
    var start = body.startIndex
    while start < body.endIndex {
      let end = endOfLine(body, from: start) ?? body.endIndex
      let line = relaxed(body[start..<end])
      start = min(end + 2, body.endIndex)
      guard !line.isEmpty else {
        emptyLines += 1
        continue
      }
      for _ in 0..<emptyLines { output.append(contentsOf: [0x0D, 0x0A]) }
      emptyLines = 0
      output.append(contentsOf: line)
      output.append(contentsOf: [0x0D, 0x0A])
    }
    return output
  }

  private static func relaxed(_ line: ArraySlice<UInt8>) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(line.count)
    var hasBlank = false
    for byte in line {
      if byte == 0x20 || byte == 0x09 {
        hasBlank = true
        continue
      }
      if hasBlank { output.append(0x20) }
      hasBlank = false
      output.append(byte)
    }
    return output
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
