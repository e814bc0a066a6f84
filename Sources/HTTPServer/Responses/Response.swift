import HTTPTypes

/// One answer. The connection adds `Date`, `Content-Length`, `Connection` and `X-Request-ID`; nobody else sets those.
public struct Response: Sendable {
  public var status: HTTPResponse.Status
  public var fields: HTTPFields
  public var body: [UInt8]
  /// Close the connection after this answer, for example because the request could not be framed.
  public var closesConnection = false
  /// What logs call this answer, such as the pattern of its route; never sent.
  public var label = "-"

  public init(status: HTTPResponse.Status, fields: HTTPFields = [:], body: [UInt8] = []) {
    self.status = status
    self.fields = fields
    self.body = body
  }

  /// A short plain-text answer, for refusals below any page.
  public static func text(_ status: HTTPResponse.Status, _ sentence: String) -> Response {
    Response(
      status: status,
      fields: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
      body: Array((sentence + "\n").utf8)
    )
  }
}
