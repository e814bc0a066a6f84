import Crypto
import Foundation
import HTTPServer
import HTTPTypes

/// Static files, read once at start, each under a name that carries its content's hash: it may be cached for ever.
struct Assets: Sendable {
  private struct Asset: Sendable {
    var address: String
    var response: Response
  }

  private let assets: [String: Asset]

  init(folder: URL) throws {
    var assets: [String: Asset] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where !name.hasPrefix(".") {
      let bytes = [UInt8](try Data(contentsOf: folder.appending(path: name)))
      let hash = Data(SHA256.hash(data: bytes).prefix(6)).hexadecimal
      let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
      guard parts.count == 2, let type = Self.types[parts[1]] else { continue }
      let fields: HTTPFields = [
        .contentType: type, .cacheControl: "public, max-age=31536000, immutable", .eTag: EntityTag(hash).text,
      ]
      assets[name] = Asset(
        address: "/assets/\(parts[0]).\(hash).\(parts[1])",
        response: Response(status: .ok, fields: fields, body: bytes)
      )
    }
    self.assets = assets
  }

  var stylesheet: String { address(of: "site.css") }
  var icon: String { address(of: "icon.svg") }

  /// One route an asset.
  var routes: [Route] {
    assets.values.map { asset in Route(.get, asset.address) { _ in asset.response } }
  }

  private func address(of name: String) -> String {
    guard let asset = assets[name] else { preconditionFailure("\(name) is missing from the resources") }
    return asset.address
  }

  private static let types = ["css": "text/css; charset=utf-8", "svg": "image/svg+xml"]
}
