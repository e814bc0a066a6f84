import HTTPTypes

/// A request line and its header section, read and checked (RFC 9112 §3 and §5).
public struct RequestHead: Equatable, Sendable {
  public var method: HTTPRequest.Method
  public var path: String
  public var query: String?
  public var authority: String
  public var fields: HTTPFields
  /// HTTP/1.0 closes by default and never receives 1xx or chunks.
  public var isHTTP10: Bool
  public var framing: Framing
  public var expectsContinue: Bool
  public var keepsAlive: Bool

  /// How long the body is (RFC 9112 §6.3).
  public enum Framing: Equatable, Sendable {
    case none
    case length(Int)
    case chunked
  }
}

extension RequestHead {
  /// Reads a head from `bytes[range]`: the request line, then fields, each ended by CRLF, without the closing empty line.
  init(parsing bytes: [UInt8], _ range: Range<Int>, limits: Limits) throws(Rejection) {
    var lines = HeadLines(bytes: bytes, range: range)
    let line = try RequestLine(parsing: bytes, try lines.next() ?? range.lowerBound..<range.lowerBound)
    var fields = HTTPFields()
    var count = 0
    while let range = try lines.next() {
      count += 1
      guard count <= limits.headerCount else {
        throw Rejection(.requestHeaderFieldsTooLarge, "more than \(limits.headerCount) header fields")
      }
      fields.append(try HTTPField(parsing: bytes, range))
    }
    try self.init(line: line, fields: fields)
  }

  private init(line: RequestLine, fields: HTTPFields) throws(Rejection) {
    for name in Self.singletons where fields[values: name].count > 1 {
      throw .malformed("\(name) appears more than once")
    }
    let hosts = fields[values: Self.host]
    // RFC 9112 §3.2: exactly one Host in HTTP/1.1, whatever the form of the target.
    guard line.isHTTP10 || hosts.count == 1 else { throw .malformed("a request needs exactly one Host") }
    if let host = hosts.first { try Self.checkAuthority(host) }

    method = line.method
    path = line.path
    query = line.query
    authority = line.authority ?? hosts.first ?? ""
    isHTTP10 = line.isHTTP10
    self.fields = fields
    framing = try Self.framing(of: fields, isHTTP10: line.isHTTP10)
    let options = fields[values: .connection].flatMap { $0.asciiLowercased.split(separator: ",") }
      .map { $0.trimmingOptionalWhitespace }
    keepsAlive =
      line.isHTTP10 ? options.contains("keep-alive") && !options.contains("close") : !options.contains("close")
    if let expectation = fields[.expect], !isHTTP10 {
      guard expectation.asciiLowercased == "100-continue" else {
        throw Rejection(.expectationFailed, "the only expectation known is 100-continue")
      }
      expectsContinue = framing != .none
    } else {
      expectsContinue = false
    }
  }

  /// RFC 9112 §6.1 and §6.3. A request with both framings, or with an unclear one, is how smuggling starts.
  private static func framing(of fields: HTTPFields, isHTTP10: Bool) throws(Rejection) -> Framing {
    let codings = fields[values: .transferEncoding]
    let lengths = fields[values: .contentLength]
    guard codings.isEmpty else {
      guard lengths.isEmpty else { throw .malformed("both Transfer-Encoding and Content-Length") }
      guard !isHTTP10 else { throw .malformed("Transfer-Encoding in HTTP/1.0") }
      guard codings.count == 1, let coding = codings.first else { throw .malformed("more than one Transfer-Encoding") }
      guard coding.asciiLowercased == "chunked" else {
        let final = coding.asciiLowercased.split(separator: ",").last.map { $0.trimmingOptionalWhitespace }
        if final == "chunked" { throw Rejection(.notImplemented, "the only transfer coding known is chunked") }
        throw .malformed("the final transfer coding is not chunked")
      }
      return .chunked
    }
    guard let text = lengths.first else { return .none }
    guard let length = Int(decimalDigits: text) else { throw .malformed("Content-Length is not a number") }
    return .length(length)
  }

  /// RFC 3986 §3.2 without userinfo: a name, an IPv4 address or a bracketed IPv6 address, and a port.
  static func checkAuthority(_ text: String) throws(Rejection) {
    let isPlain = text.utf8.allSatisfy { byte in
      isAlphanumeric(byte) || [0x2D, 0x2E, 0x5F, 0x7E, 0x3A, 0x5B, 0x5D].contains(byte)
    }
    guard isPlain, !text.isEmpty else { throw .malformed("Host is not a host and port") }
  }

  static let host = HTTPField.Name.parsedHost
  private static let singletons: [HTTPField.Name] = [
    .contentLength, .contentType, .origin, .authorization, .expect, host,
  ]
}

/// Splits a head into lines ended by CRLF and nothing else.
private struct HeadLines {
  let bytes: [UInt8]
  let range: Range<Int>
  var position: Int

  init(bytes: [UInt8], range: Range<Int>) {
    self.bytes = bytes
    self.range = range
    position = range.lowerBound
  }

  mutating func next() throws(Rejection) -> Range<Int>? {
    guard position < range.upperBound else { return nil }
    let start = position
    while position < range.upperBound {
      let byte = bytes[position]
      if byte == 0x0D {
        guard position + 1 < range.upperBound, bytes[position + 1] == 0x0A else { throw .malformed("a bare CR") }
        position += 2
        return start..<(position - 2)
      }
      guard byte != 0x0A else { throw .malformed("a bare LF") }
      position += 1
    }
    throw .malformed("a line without its end")
  }
}
