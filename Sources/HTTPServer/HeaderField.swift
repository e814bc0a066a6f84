import HTTPTypes

extension HTTPField {
  /// One field line `name ":" OWS value OWS` (RFC 9112 §5). No space before the colon, no folding, no control bytes.
  init(parsing bytes: [UInt8], _ range: Range<Int>) throws(Rejection) {
    guard let first = range.first, bytes[first] != 0x20, bytes[first] != 0x09 else {
      throw .malformed("a folded header line")
    }
    guard let colon = bytes[range].firstIndex(of: 0x3A) else { throw .malformed("a header line without a colon") }
    let nameBytes = bytes[range.lowerBound..<colon]
    guard !nameBytes.isEmpty, nameBytes.allSatisfy(isTokenByte) else {
      throw .malformed("a header name that is not a token")
    }
    guard let name = HTTPField.Name(String(decoding: nameBytes, as: UTF8.self)) else {
      throw .malformed("a header name that is not a token")
    }
    var value = bytes[(colon + 1)..<range.upperBound]
    while let byte = value.first, byte == 0x20 || byte == 0x09 { value = value.dropFirst() }
    while let byte = value.last, byte == 0x20 || byte == 0x09 { value = value.dropLast() }
    guard value.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else {
      throw .malformed("a control character in the value of \(name)")
    }
    self.init(name: name, value: String(decoding: value, as: UTF8.self))
  }
}

extension HTTPField.Name {
  /// HTTPTypes moves Host into a pseudo field; on the wire of HTTP/1 it is a field like any other.
  static let parsedHost: HTTPField.Name = {
    guard let name = HTTPField.Name("Host") else { preconditionFailure("Host is a token") }
    return name
  }()
}
