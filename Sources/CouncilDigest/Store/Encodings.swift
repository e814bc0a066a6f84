import Foundation

/// RFC 4648 §5 without padding.
enum Base64URL {
  static func encode(_ data: Data) -> String {
    data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// Nil for anything `encode` would not have written.
  static func decode(_ text: String) -> Data? {
    guard text.utf8.count <= 512 else { return nil }
    let standard = text.replacing("-", with: "+").replacing("_", with: "/")
    let padding = String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
    guard let data = Data(base64Encoded: standard + padding), encode(data) == text else { return nil }
    return data
  }
}

/// RFC 4648 §6 in lower case without padding: survives systems that fold the case of addresses.
enum Base32 {
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")

  static func encode(_ data: Data) -> String {
    var text = ""
    var buffer: UInt64 = 0
    var bits = 0
    for byte in data {
      buffer = (buffer << 8 | UInt64(byte)) & 0xFFFF_FFFF
      bits += 8
      while bits >= 5 {
        bits -= 5
        text.append(alphabet[Int(buffer >> UInt64(bits) & 31)])
      }
    }
    if bits > 0 { text.append(alphabet[Int(buffer << UInt64(5 - bits) & 31)]) }
    return text
  }
}

extension Data {
  var hexadecimal: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

  /// Bytes of the system's secure generator.
  static func random(_ count: Int) -> Data {
    var generator = SystemRandomNumberGenerator()
    return Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
  }
}
