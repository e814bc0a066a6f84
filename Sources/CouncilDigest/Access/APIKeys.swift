import Crypto
import Foundation
import GRDB

/// An API key as it is listed: never the secret, which is shown once and stored as a hash.
struct APIKey: Equatable, Sendable {
  var id: Int64
  var name: String
  var role: Role
  var createdAt: Date
  var revokedAt: Date?
}

/// The keys made by `token create`, and the bootstrap key of the configuration.
struct APIKeys: Sendable {
  let store: Store
  /// SHA-256 of `admin.token`. The keys have 256 random bits, so a plain hash is enough.
  private let bootstrapHash: Data?

  init(store: Store, adminToken: String?) {
    self.store = store
    bootstrapHash = adminToken.map(Self.hash)
  }

  /// The role of the key in an `Authorization: Bearer` value, or nil when no such key is valid.
  func role(ofAuthorization header: String?) async throws -> Role? {
    guard let header, header.utf8.count <= 512 else { return nil }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    let hash = Self.hash(parts[1].trimmingCharacters(in: .whitespaces))
    if let bootstrapHash, isEqualInConstantTime(Array(hash), Array(bootstrapHash)) { return .operator }
    let role = try await store.read { database in
      try String.fetchOne(
        database,
        sql: "SELECT role FROM api_key WHERE hash = ? AND revoked_at IS NULL",
        arguments: [hash]
      )
    }
    return role.flatMap(Role.init)
  }

  /// A new key. The text is returned this once.
  func create(name: String, role: Role) async throws -> (key: APIKey, secret: String) {
    let secret = "cd_" + Base64URL.encode(.random(32))
    let hash = Self.hash(secret)
    let now = store.now()
    let id = try await store.write { database in
      try database.execute(
        sql: "INSERT INTO api_key (name, role, hash, created_at) VALUES (?, ?, ?, ?)",
        arguments: [name, role.rawValue, hash, now.milliseconds]
      )
      return database.lastInsertedRowID
    }
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
    return try await store.write { database in
      try database.execute(
        sql: "UPDATE api_key SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?",
        arguments: [now.milliseconds, id]
      )
      return database.changesCount > 0
    }
  }

  private static func hash(_ secret: String) -> Data { Data(SHA256.hash(data: Data(secret.utf8))) }
}
