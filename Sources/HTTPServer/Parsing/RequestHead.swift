import HTTPTypes

/// A request line and its header section, read and checked (RFC 9112 §3 and §5).
public struct RequestHead: Sendable {
  public let method: HTTPRequest.Method
  /// As sent, still percent-encoded, always starting with "/" (or "*" for `OPTIONS *`).
  public let path: String
  /// As sent, without the question mark.
  public let query: String?
  /// From an absolute-form target, else from `Host`; empty when an HTTP/1.0 client sent neither.
  public let authority: String
  /// HTTP/1.0 closes by default and never receives 1xx or chunks.
  public let isHTTP10: Bool
  /// The target was an absolute https address.
  public let isSecureTarget: Bool
  public let framing: Framing
  /// The client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1).
  public let expectsContinue: Bool
  /// Whether the client wants the connection to go on (RFC 9112 §9.3).
  public let keepsAlive: Bool
  let section: HeaderSection

  /// How long the body is (RFC 9112 §6.3).
  public enum Framing: Equatable, Sendable {
    case none
    case length(Int)
    case chunked
  }

  /// All header fields. Built anew at each call; to look at one, `value(of:)` is cheaper.
  public var fields: HTTPFields { section.fields }

  /// The first value of one field.
  /// - Parameter name: in lower case.
  public func value(of name: StaticString) -> String? {
    section.first(name).map { String(decoding: $0, as: UTF8.self) }
  }
}

extension RequestHead {
  /// Checks what the header section says as a whole.
  init(_ line: RequestLine, _ section: HeaderSection) throws(Rejection) {
    for name in Self.singletons where section.count(name) > 1 { throw .malformed("\(name) appears more than once") }
    let host = section.first("host")
    // RFC 9112 §3.2: exactly one Host in HTTP/1.1, whatever the form of the target.
    guard line.isHTTP10 || host != nil else { throw .malformed("a request needs exactly one Host") }
    if let host { try Authority.check(host) }
    method = line.method
    path = line.path
    query = line.query
    authority = line.authority ?? host.map { String(decoding: $0, as: UTF8.self) } ?? ""
    isHTTP10 = line.isHTTP10
    isSecureTarget = line.isSecure
    framing = try Self.framing(of: section, isHTTP10: line.isHTTP10)
    let closes = section.lists("connection", "close")
    keepsAlive = line.isHTTP10 ? !closes && section.lists("connection", "keep-alive") : !closes
    expectsContinue = try Self.expectsContinue(section, isHTTP10: line.isHTTP10) && framing != .none
    self.section = section
  }

  /// RFC 9110 §10.1.1: the one expectation there is; an HTTP/1.0 client can't have it.
  private static func expectsContinue(_ section: HeaderSection, isHTTP10: Bool) throws(Rejection) -> Bool {
    guard !isHTTP10, let expectation = section.first("expect") else { return false }
    guard expectation.isASCIIEqual(lowercase: "100-continue") else {
      throw Rejection(.expectationFailed, "the only expectation known is 100-continue")
    }
    return true
  }

  /// RFC 9112 §6.1 and §6.3. A request with both framings, or with an unclear one, is how smuggling starts.
  private static func framing(of section: HeaderSection, isHTTP10: Bool) throws(Rejection) -> Framing {
    let codings = section.all("transfer-encoding")
    guard codings.isEmpty else {
      guard section.first("content-length") == nil else {
        throw .malformed("both Transfer-Encoding and Content-Length")
      }
      guard !isHTTP10 else { throw .malformed("Transfer-Encoding in HTTP/1.0") }
      guard codings.count == 1, let coding = codings.first else { throw .malformed("more than one Transfer-Encoding") }
      if coding.isASCIIEqual(lowercase: "chunked") { return .chunked }
      throw refusal(ofCoding: coding)
    }
    guard let text = section.first("content-length") else { return .none }
    guard let length = Int(decimalDigits: text) else { throw .malformed("Content-Length is not a number") }
    return .length(length)
  }

  /// A coding we don't know before a final chunked is 501; anything whose end can't be told is 400 (RFC 9112 §6.1, §6.3).
  private static func refusal(ofCoding text: ArraySlice<UInt8>) -> Rejection {
    let codings = text.split(separator: 0x2C, omittingEmptySubsequences: false).map(\.trimmingOptionalWhitespace)
    let chunked = codings.indices.filter { codings[$0].isASCIIEqual(lowercase: "chunked") }
    let areTokens = codings.allSatisfy { !$0.isEmpty && $0.allSatisfy(isTokenByte) }
    guard areTokens, chunked == [codings.count - 1] else {
      return .malformed("the final transfer coding is not chunked")
    }
    return Rejection(.notImplemented, "the only transfer coding known is chunked")
  }

  /// Fields that mean nothing, or harm, when they come twice (RFC 9110 §5.3).
  private static let singletons: [StaticString] = [
    "content-length", "content-type", "origin", "authorization", "expect", "host",
  ]
}
