import Foundation

/// Ends the heads of answers: what changes from one to the next. Remembers the `Date` line for the second it belongs to.
struct ResponseEncoder {
  private var second = -1
  private var date: [UInt8] = []
  /// Where heads are put together; it is given away and, once the socket took the bytes, used again.
  private var scratch: [UInt8] = []

  /// `head`, completed with Date, request id and Connection (RFC 9112 §9.6 wants "close" with the last answer).
  /// - Parameter second: now, in seconds since 1970.
  mutating func complete(
    _ head: ResponseHead,
    for exchange: Exchange,
    keepsAlive: Bool,
    now second: Int
  ) -> [UInt8] {
    if second != self.second {
      self.second = second
      date = Array("Date: \(HTTPDate.format(secondsSince1970: second))\r\nX-Request-ID: ".utf8)
    }
    scratch.removeAll(keepingCapacity: true)
    scratch.append(contentsOf: head.bytes)
    scratch.append(contentsOf: date)
    exchange.id.append(to: &scratch)
    if !keepsAlive {
      scratch.append(contentsOf: Self.closing)
    } else if exchange.isHTTP10 {
      scratch.append(contentsOf: Self.keptAlive)
    } else {
      scratch.append(contentsOf: Self.end)
    }
    return scratch
  }

  private static let end = Array("\r\n\r\n".utf8)
  private static let closing = Array("\r\nConnection: close\r\n\r\n".utf8)
  private static let keptAlive = Array("\r\nConnection: keep-alive\r\n\r\n".utf8)
}
