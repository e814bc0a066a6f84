import Foundation
import HTTPServer
import HTTPTypes

/// Answers of the API.
enum JSONOutput {
  static func response(
    _ status: HTTPResponse.Status = .ok,
    _ value: some Encodable,
    contentType: String = "application/json"
  ) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      try container.encode(RFC3339.format(date))
    }
    let body = Array(try encoder.encode(value)) + [0x0A]
    var response = Response(status: status, fields: [.contentType: contentType, .cacheControl: "no-store"], body: body)
    // For If-Match on a later write.
    if status == .ok { response.fields[.eTag] = Site.tag(of: body).text }
    return response
  }

  static func noContent() -> Response { Response(status: .noContent, fields: [.cacheControl: "no-store"]) }
}

/// A page of a list: `{"items": […], "next": "cursor" | null}`.
struct ListPage<Item: Encodable>: Encodable {
  var items: [Item]
  var next: String?

  private enum Key: CodingKey { case items, next }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(items, forKey: .items)
    // The member is there even when there is no next page.
    try container.encode(next, forKey: .next)
  }
}

extension ListPage: Sendable where Item: Sendable {}
