import Foundation

/// `/api/openapi.json`: the description that comes with the program, with this installation's name and address.
enum OpenAPI {
  static func document(for site: SiteIdentity) -> Data {
    guard let url = try? Resources.folder("api").appending(path: "openapi.json"), let data = try? Data(contentsOf: url)
    else { preconditionFailure("openapi.json is missing from the resources") }
    let text = String(decoding: data, as: UTF8.self)
    return Data(text.replacing("http://localhost:8080", with: site.publicURL).utf8)
  }
}
