import Foundation
import HTTPServer

/// `/api/v1/api-keys`: the keys that open the API. The command `token` speaks to it.
struct APIKeyAPI: Sendable {
  let keys: APIKeys

  func create(_ request: Request, _ change: AuditedChange) async throws -> Response {
    var input = try JSONInput(request)
    let name = input.string("name", required: true, maximum: 100)
    let role = input.choice("role", Role.self, required: true)
    try input.finish()
    guard let name, let role else { throw Refusal.invalid([FieldProblem("/role", "Required")]) }
    let (key, secret) = try await keys.create(name: name, role: role, by: change)
    return try JSONOutput.response(.created, APIKeyItem(key, secret: secret))
  }

  func list(_ request: Request) async throws -> Response {
    let items = try await keys.list().map { APIKeyItem($0) }
    return try JSONOutput.response(.ok, ListPage(items: items, next: nil))
  }

  func revoke(_ request: Request, _ change: AuditedChange) async throws -> Response {
    let id = request.parameter("id")
    guard let number = Int64(id), try await keys.revoke(id: number, by: change) else {
      throw Refusal.notFound("There is no API key \(id)")
    }
    return JSONOutput.noContent()
  }
}

struct APIKeyItem: Codable {
  var id: Int64
  var name: String
  var role: String
  var createdAt: Date
  var revokedAt: Date?
  var lastUsedAt: Date?
  /// Shown once, when the key is made.
  var secret: String?

  init(_ key: APIKey, secret: String? = nil) {
    id = key.id
    name = key.name
    role = key.role.rawValue
    createdAt = key.createdAt
    revokedAt = key.revokedAt
    lastUsedAt = key.lastUsedAt
    self.secret = secret
  }
}
