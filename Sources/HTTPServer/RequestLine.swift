import HTTPTypes

/// `method SP request-target SP HTTP-version` (RFC 9112 §3), one space each and nothing corrected.
struct RequestLine: Equatable {
  var method: HTTPRequest.Method
  var path: String
  var query: String?
  /// Set by an absolute-form target; it then replaces Host (RFC 9112 §3.2.2).
  var authority: String?
  var isHTTP10: Bool

  init(parsing bytes: [UInt8], _ range: Range<Int>) throws(Rejection) {
    let parts = bytes[range].split(separator: 0x20, maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 3 else { throw .malformed("the request line is not method, target, version") }
    let isHTTP10 = try Self.isHTTP10(parts[2])
    guard !parts[0].isEmpty, parts[0].allSatisfy(isTokenByte) else { throw .malformed("the method is not a token") }
    guard parts[0].count <= 32, let method = HTTPRequest.Method(rawValue: String(decoding: parts[0], as: UTF8.self)),
      Self.known.contains(method)
    else { throw Rejection(.notImplemented, "the method is not implemented") }
    self.init(method: method, isHTTP10: isHTTP10)

    let target = parts[1]
    // RFC 3986: only visible ASCII, and a fragment is never sent.
    guard !target.isEmpty, target.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }) else {
      throw .malformed("the target has a character that is not allowed")
    }
    try readTarget(String(decoding: target, as: UTF8.self))
  }

  private static func isHTTP10(_ version: ArraySlice<UInt8>) throws(Rejection) -> Bool {
    let bytes = Array(version)
    guard bytes.count == 8, bytes.starts(with: Array("HTTP/".utf8)), bytes[6] == 0x2E, isDigit(bytes[5]),
      isDigit(bytes[7])
    else { throw .malformed("the version is not HTTP/digit.digit") }
    guard bytes[5] == 0x31 else { throw Rejection(.httpVersionNotSupported, "this server speaks HTTP/1.1") }
    return bytes[7] == 0x30
  }

  private init(method: HTTPRequest.Method, isHTTP10: Bool) {
    self.method = method
    self.isHTTP10 = isHTTP10
    path = "/"
  }

  private mutating func readTarget(_ target: String) throws(Rejection) {
    var rest = Substring(target)
    if target == "*" {
      guard method == .options else { throw .malformed("the target * is for OPTIONS only") }
      path = "*"
      return
    }
    if !target.hasPrefix("/") {
      rest = try readAbsoluteForm(target)
    }
    if let mark = rest.firstIndex(of: "?") {
      query = String(rest[rest.index(after: mark)...])
      rest = rest[..<mark]
    }
    path = rest.isEmpty ? "/" : String(rest)
  }

  private mutating func readAbsoluteForm(_ target: String) throws(Rejection) -> Substring {
    let lowered = target.asciiLowercased
    guard let scheme = ["http://", "https://"].first(where: lowered.hasPrefix) else {
      throw .malformed("the target is neither a path nor an http address")
    }
    let rest = target.dropFirst(scheme.count)
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    let host = String(rest[..<end])
    guard !host.isEmpty else { throw .malformed("the target has no host") }
    try RequestHead.checkAuthority(host)
    authority = host
    return rest[end...]
  }

  /// CONNECT and TRACE are parsed nowhere: to an origin server without them they are unknown (RFC 9110 §9.1).
  private static let known: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]
}
