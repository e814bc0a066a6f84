/// `host [ ":" port ]` of RFC 3986 §3.2 as it may stand in Host or in an absolute target: a name, an IPv4 address or a
/// bracketed IPv6 address; no userinfo, which only ever hides where a link leads.
enum Authority {
  static func check(_ bytes: ArraySlice<UInt8>) throws(Rejection) {
    guard isValid(bytes) else { throw .malformed("Host is not a host and port") }
  }

  private static func isValid(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let first = bytes.first, bytes.count <= 260 else { return false }
    let hostEnd: Int
    if first == 0x5B {
      guard let close = bytes.firstIndex(of: 0x5D), close > bytes.startIndex + 2 else { return false }
      let address = bytes[(bytes.startIndex + 1)..<close]
      guard address.allSatisfy({ hexValue($0) != nil || $0 == 0x3A || $0 == 0x2E }) else { return false }
      hostEnd = close + 1
    } else {
      hostEnd = bytes.firstIndex(of: 0x3A) ?? bytes.endIndex
      guard hostEnd > bytes.startIndex, bytes[..<hostEnd].allSatisfy(isNameByte) else { return false }
    }
    guard hostEnd < bytes.endIndex else { return true }
    let port = bytes[(hostEnd + 1)...]
    return bytes[hostEnd] == 0x3A && port.count <= 5 && port.allSatisfy(isDigit)
  }

  /// RFC 3986 unreserved: names with anything else are never ours.
  private static func isNameByte(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F || byte == 0x7E
  }
}
