import Crypto
import Foundation
import HTTPServer
import HTTPTypes

/// Static files, read once at start, each under a name that carries its content's hash: it may be cached for ever.
struct Assets: Sendable {
  /// By file name.
  private let addresses: [String: String]
  private let files: [String: PreparedResponse]

  init(folder: URL, headers: SecurityHeaders) throws {
    var addresses: [String: String] = [:]
    var files: [String: PreparedResponse] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where !name.hasPrefix(".") {
      let bytes = [UInt8](try Data(contentsOf: folder.appending(path: name)))
      let hash = Data(SHA256.hash(data: bytes).prefix(6)).hexadecimal
      let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
      guard parts.count == 2, let type = Self.types[parts[1]] else { continue }
      let changed = try FileManager.default.attributesOfItem(atPath: folder.appending(path: name).path)
      let fields: HTTPFields = [
        .contentType: type, .cacheControl: "public, max-age=31536000, immutable", .eTag: EntityTag(hash).text,
        .lastModified: HTTPDate.format(
          secondsSince1970: Int((changed[.modificationDate] as? Date ?? .distantPast).timeIntervalSince1970)
        ),
      ]
      let address = "/assets/\(parts[0]).\(hash).\(parts[1])"
      var response = headers.applied(to: Response(status: .ok, fields: fields, body: bytes))
      response.label = address
      addresses[name] = address
      files[address] = PreparedResponse(response, gzip: Gzip.compress(bytes))
    }
    self.addresses = addresses
    self.files = files
  }

  var stylesheet: String { address(of: "site.css") }
  var icon: String { address(of: "icon.svg") }

  func file(at path: String) -> PreparedResponse? { files[path] }

  /// One route an asset.
  var routes: [Route] {
    files.map { address, file in Route(.get, address) { request in file.response(to: request) } }
  }

  private func address(of name: String) -> String {
    guard let address = addresses[name] else { preconditionFailure("\(name) is missing from the resources") }
    return address
  }

  private static let types = ["css": "text/css; charset=utf-8", "svg": "image/svg+xml"]
}
