import HTTPTypes

/// The part of an answer's head that is the same each time it is sent: status line and fields, as bytes (RFC 9112 §4).
struct ResponseHead: Equatable, Sendable {
  let status: Int
  let bytes: [UInt8]

  init(_ status: HTTPResponse.Status, _ fields: HTTPFields, bodyBytes: Int) {
    self.status = status.code
    var bytes: [UInt8] = []
    bytes.reserveCapacity(768)
    // A reason may be empty, the space before it may not (RFC 9112 §4).
    bytes.append(contentsOf: "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n".utf8)
    for field in fields {
      bytes.append(contentsOf: field.name.rawName.utf8)
      bytes.append(contentsOf: [0x3A, 0x20])
      bytes.append(contentsOf: field.value.utf8)
      bytes.append(contentsOf: [0x0D, 0x0A])
    }
    if Self.mayHaveBody(status.code) { bytes.append(contentsOf: "Content-Length: \(bodyBytes)\r\n".utf8) }
    self.bytes = bytes
  }

  /// 1xx, 204 and 304 have neither a body nor a Content-Length of one (RFC 9110 §6.4.1 and §8.6).
  static func mayHaveBody(_ status: Int) -> Bool { status >= 200 && status != 204 && status != 304 }

  static let proceed = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
}
