import Foundation

/// Any JSON text (RFC 8259).
enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

extension JSONValue: Encodable {
  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let flag): try container.encode(flag)
    // Whole ones as they were written.
    case .number(let number): try Int(exactly: number).map { try container.encode($0) } ?? container.encode(number)
    case .string(let text): try container.encode(text)
    case .array(let values): try container.encode(values)
    case .object(let members): try container.encode(members)
    }
  }
}

extension JSONValue: Decodable {
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// Foundation takes `[1,]`, which RFC 8259 does not.
  private static func hasTrailingComma(_ bytes: some Collection<UInt8>) -> Bool {
    var (isInString, isEscaped, last) = (false, false, UInt8(0))
    for byte in bytes {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == 0x5C {
          isEscaped = true
        } else if byte == 0x22 {
          isInString = false
        }
        continue
      }
      if [0x20, 0x09, 0x0A, 0x0D].contains(byte) { continue }
      if last == 0x2C, byte == 0x5D || byte == 0x7D { return true }
      if byte == 0x22 { isInString = true }
      last = byte
    }
    return false
  }

  /// - Throws: `Refusal.unreadable` with a sentence when the bytes are not JSON.
  static func parse(_ bytes: some Collection<UInt8>) throws -> JSONValue {
    guard !hasTrailingComma(bytes) else { throw Refusal.unreadable("The body is not valid JSON: a comma ends a list") }
    do {
      return try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
    } catch {
      throw Refusal.unreadable("The body is not valid JSON in UTF-8")
    }
  }
}
