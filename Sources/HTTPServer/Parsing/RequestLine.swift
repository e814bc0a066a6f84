import HTTPTypes

/// `method SP request-target SP HTTP-version` (RFC 9112 §3), one space each and nothing corrected.
struct RequestLine: Equatable, Sendable {
  var method: HTTPRequest.Method
  var path: String
  var query: String?
  /// Set by an absolute-form target; it then replaces Host (RFC 9112 §3.2.2).
  var authority: String?
  var isHTTP10: Bool
  /// The target is an https address.
  var isSecure = false

  init(parsing bytes: Span<UInt8>, _ range: Range<Int>) throws(Rejection) {
    let (methodRange, targetRange, versionRange) = try Self.parts(bytes, range)
    isHTTP10 = try Self.isHTTP10(bytes, versionRange)
    method = try Self.method(bytes, methodRange)
    // RFC 3986: only visible ASCII, and a fragment is never sent.
    for index in targetRange {
      let byte = bytes[index]
      guard byte > 0x20, byte < 0x7F, byte != 0x23 else {
        throw .malformed("the target has a character that is not allowed")
      }
    }
    path = "/"
    if bytes[targetRange.lowerBound] == 0x2F {
      readPath(bytes, targetRange)
    } else {
      try readOtherForms(bytes, targetRange)
    }
  }

  private static func parts(
    _ bytes: Span<UInt8>,
    _ range: Range<Int>
  ) throws(Rejection) -> (method: Range<Int>, target: Range<Int>, version: Range<Int>) {
    let first = index(of: 0x20, bytes, range)
    guard first < range.upperBound else { throw shapeless }
    let second = index(of: 0x20, bytes, (first + 1)..<range.upperBound)
    guard first > range.lowerBound, second > first + 1, second < range.upperBound else { throw shapeless }
    let third = index(of: 0x20, bytes, (second + 1)..<range.upperBound)
    guard third == range.upperBound else { throw shapeless }
    return (range.lowerBound..<first, (first + 1)..<second, (second + 1)..<range.upperBound)
  }

  private static let shapeless = Rejection.malformed("the request line is not method, target, version")

  private static func index(of byte: UInt8, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
    var index = range.lowerBound
    while index < range.upperBound, bytes[index] != byte { index += 1 }
    return index
  }

  private static func isHTTP10(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(Rejection) -> Bool {
    let at = range.lowerBound
    guard range.count == 8, bytes[at] == 0x48, bytes[at + 1] == 0x54, bytes[at + 2] == 0x54, bytes[at + 3] == 0x50,
      bytes[at + 4] == 0x2F, isDigit(bytes[at + 5]), bytes[at + 6] == 0x2E, isDigit(bytes[at + 7])
    else { throw .malformed("the version is not HTTP/digit.digit") }
    guard bytes[at + 5] == 0x31 else { throw Rejection(.httpVersionNotSupported, "this server speaks HTTP/1.1") }
    return bytes[at + 7] == 0x30
  }

  /// CONNECT and TRACE are known nowhere: an origin server need not implement them (RFC 9110 §9.1).
  private static func method(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(Rejection) -> HTTPRequest.Method {
    for index in range where !isTokenByte(bytes[index]) { throw .malformed("the method is not a token") }
    let name = bytes.withUnsafeBufferPointer { String(decoding: $0[range], as: UTF8.self) }
    switch name {
    case "GET": return .get
    case "HEAD": return .head
    case "POST": return .post
    case "PUT": return .put
    case "PATCH": return .patch
    case "DELETE": return .delete
    case "OPTIONS": return .options
    default: throw unknownMethod
    }
  }

  static let unknownMethod = Rejection(.notImplemented, "the method is not implemented")
  static let longestMethod = 32

  private mutating func readPath(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    let mark = Self.index(of: 0x3F, bytes, range)
    bytes.withUnsafeBufferPointer { pointer in
      if mark < range.upperBound {
        query = String(decoding: pointer[(mark + 1)..<range.upperBound], as: UTF8.self)
      }
      if mark > range.lowerBound { path = String(decoding: pointer[range.lowerBound..<mark], as: UTF8.self) }
    }
  }

  /// RFC 9112 §3.2: absolute-form for every method, asterisk-form for OPTIONS.
  private mutating func readOtherForms(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(Rejection) {
    if range.count == 1, bytes[range.lowerBound] == 0x2A {
      guard method == .options else { throw .malformed("the target * is for OPTIONS only") }
      path = "*"
      return
    }
    let target = bytes.withUnsafeBufferPointer { Array($0[range]) }
    guard let scheme = Self.schemes.first(where: { target.prefix($0.utf8CodeUnitCount).isASCIIEqual(lowercase: $0) })
    else { throw .malformed("the target is neither a path nor an http address") }
    let host = target[scheme.utf8CodeUnitCount...].prefix { $0 != 0x2F && $0 != 0x3F }
    try Authority.check(host)
    authority = String(decoding: host, as: UTF8.self)
    isSecure = scheme.utf8CodeUnitCount == 8
    readPath(bytes, (range.lowerBound + host.endIndex)..<range.upperBound)
  }

  private static let schemes: [StaticString] = ["http://", "https://"]
}
