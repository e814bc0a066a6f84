import HTTPTypes

/// Writes an answer as bytes (RFC 9112 §4). Remembers the `Date` line for the second it belongs to.
struct ResponseEncoder {
  private var dateSecond = -1
  private var date = ""

  /// - Parameters:
  ///   - isHead: the request was HEAD, so the body's length is told and the body is not sent (RFC 9110 §9.3.2).
  ///   - keepsAlive: whether this connection reads another request.
  mutating func encode(
    _ response: Response,
    isHead: Bool,
    keepsAlive: Bool,
    isHTTP10: Bool,
    now second: Int
  ) -> [UInt8] {
    if second != dateSecond {
      dateSecond = second
      date = HTTPDate.format(secondsSince1970: second)
    }
    let sendsBody = !isHead && Self.mayHaveBody(response.status)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512 + (sendsBody ? response.body.count : 0))
    bytes.append(contentsOf: "HTTP/1.1 \(response.status.code) \(response.status.reasonPhrase)\r\n".utf8)
    bytes.append(contentsOf: "Date: \(date)\r\n".utf8)
    for field in response.fields {
      bytes.append(contentsOf: field.name.canonicalName.utf8)
      bytes.append(contentsOf: [0x3A, 0x20])
      bytes.append(contentsOf: field.value.utf8)
      bytes.append(contentsOf: [0x0D, 0x0A])
    }
    if Self.mayHaveBody(response.status) {
      bytes.append(contentsOf: "Content-Length: \(response.body.count)\r\n".utf8)
    }
    if !keepsAlive {
      bytes.append(contentsOf: "Connection: close\r\n".utf8)
    } else if isHTTP10 {
      bytes.append(contentsOf: "Connection: keep-alive\r\n".utf8)
    }
    bytes.append(contentsOf: [0x0D, 0x0A])
    if sendsBody { bytes.append(contentsOf: response.body) }
    return bytes
  }

  /// 1xx, 204 and 304 have neither a body nor a Content-Length of one (RFC 9110 §6.4.1 and §8.6).
  private static func mayHaveBody(_ status: HTTPResponse.Status) -> Bool {
    status.code >= 200 && status.code != 204 && status.code != 304
  }

  static let proceed = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
}
