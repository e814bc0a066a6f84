import Foundation

/// RFC 4648 §5 without padding.
enum Base64URL {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  static func encode(_ data: some Collection<UInt8>) -> String { bitsEncoded(data, width: 6, alphabet) }

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
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

  static func encode(_ data: some Collection<UInt8>) -> String { bitsEncoded(data, width: 5, alphabet) }
}

/// Each `width` bits as a letter of the alphabet; zeros fill the last.
private func bitsEncoded(_ data: some Collection<UInt8>, width: Int, _ alphabet: [UInt8]) -> String {
  String(unsafeUninitializedCapacity: (data.count * 8 + width - 1) / width) { text in
    var length = 0
    var buffer: UInt32 = 0
    var bits = 0
    let mask: UInt32 = (1 << UInt32(width)) - 1
    func append(_ value: UInt32) {
      text[length] = alphabet[Int(value & mask)]
      length += 1
    }
    for byte in data {
      buffer = buffer << 8 | UInt32(byte)
      bits += 8
      while bits >= width {
        bits -= width
        append(buffer >> UInt32(bits))
      }
    }
    if bits > 0 { append(buffer << UInt32(width - bits)) }
    return length
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
