import Crypto
import Foundation
import GRDB
import HTTPServer
import Synchronization

/// An API key as it is listed: never the secret, which is shown once and stored as a hash.
struct APIKey: Equatable, Sendable {
  var id: Int64
  var name: String
  var role: Role
  var createdAt: Date
  var revokedAt: Date?
}

/// The keys made by `token create`, and the bootstrap key of the configuration. The valid ones are held in memory as hashes,
/// so that a stranger is turned away before anything is read for them.
final class APIKeys: Sendable {
  private let store: Store
  /// By SHA-256: the keys have 256 random bits, so a plain hash is enough, and looking one up tells nothing about others.
  private let valid: Mutex<[Data: Role]>

  init(store: Store, adminToken: String?) async throws {
    self.store = store
    var roles = try await store.read { database in
      let rows = try Row.fetchAll(database, sql: "SELECT hash, role FROM api_key WHERE revoked_at IS NULL")
      return rows.reduce(into: [Data: Role]()) { $0[$1["hash"]] = Role(rawValue: $1["role"]) }
    }
    if let adminToken { roles[Self.hash(adminToken)] = .operator }
    valid = Mutex(roles)
  }

  /// Where keys are asked for.
  static let path = "/api/v1"

  /// The role of the key in an `Authorization: Bearer` value, or nil when no such key is valid. Who may open the control
  /// socket is the operator.
  func role(of header: String?, from peer: Request.Peer) -> Role? {
    if peer == .unixSocket { return .operator }
    guard let header, header.utf8.count <= 512 else { return nil }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    let hash = Self.hash(parts[1].trimmingCharacters(in: .whitespaces))
    return valid.withLock { $0[hash] }
  }

  /// A new key. The text is returned this once.
  func create(name: String, role: Role) async throws -> (key: APIKey, secret: String) {
    let secret = "cd_" + Base64URL.encode(Data.random(32))
    let hash = Self.hash(secret)
    let now = store.now()
    let id = try await store.write { database in
      try database.execute(
        sql: "INSERT INTO api_key (name, role, hash, created_at) VALUES (?, ?, ?, ?)",
        arguments: [name, role.rawValue, hash, now.milliseconds]
      )
      return database.lastInsertedRowID
    }
    valid.withLock { $0[hash] = role }
    return (APIKey(id: id, name: name, role: role, createdAt: now), secret)
  }

  func list() async throws -> [APIKey] {
    try await store.read { database in
      let sql = "SELECT id, name, role, created_at, revoked_at FROM api_key ORDER BY id"
      return try Row.fetchAll(database, sql: sql).compactMap { row in
        guard let role = Role(rawValue: row["role"]) else { return nil }
        return APIKey(
          id: row["id"],
          name: row["name"],
          role: role,
          createdAt: Date(milliseconds: row["created_at"]),
          revokedAt: (row["revoked_at"] as Int64?).map(Date.init(milliseconds:))
        )
      }
    }
  }

  /// False when there is no such key. Revoking twice changes nothing.
  func revoke(id: Int64) async throws -> Bool {
    let now = store.now()
    let hash = try await store.write { database in
      try Data.fetchOne(
        database,
        sql: "UPDATE api_key SET revoked_at = coalesce(revoked_at, ?) WHERE id = ? RETURNING hash",
        arguments: [now.milliseconds, id]
      )
    }
    guard let hash else { return false }
    valid.withLock { $0[hash] = nil }
    return true
  }

  private static func hash(_ secret: String) -> Data { Data(SHA256.hash(data: Data(secret.utf8))) }
}
