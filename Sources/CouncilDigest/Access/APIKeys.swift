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
  /// To within some minutes; nil when it never was.
  var lastUsedAt: Date?
}

/// The keys made by `token create`, and the bootstrap key of the configuration. The valid ones are held in memory as hashes,
/// so that a stranger is turned away before anything is read for them.
final class APIKeys: Sendable {
  private let store: Store
  /// By SHA-256: the keys have 256 random bits, so a plain hash is enough, and looking one up tells nothing about others.
  private let valid: Mutex<[Data: Caller]>
  /// When a use was last written down, by key.
  private let noted = Mutex<[Int64: Date]>([:])

  init(store: Store, adminToken: String?) async throws {
    self.store = store
    var callers = try await store.read { database in
      let rows = try Row.fetchAll(database, sql: "SELECT id, name, hash, role FROM api_key WHERE revoked_at IS NULL")
      return rows.reduce(into: [Data: Caller]()) { callers, row in
        callers[row["hash"]] = Role(rawValue: row["role"]).map { Caller(role: $0, keyID: row["id"], name: row["name"]) }
      }
    }
    if let adminToken { callers[Self.hash(adminToken)] = .configured }
    valid = Mutex(callers)
  }

  /// Where keys are asked for.
  static let path = "/api/v1"

  /// Who holds the key in an `Authorization: Bearer` value, or nil when no such key is valid. Who may open the control
  /// socket is the operator.
  func caller(of header: String?, from peer: Request.Peer) -> Caller? {
    if peer == .unixSocket { return .command }
    guard let header, header.utf8.count <= 512 else { return nil }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return caller(holding: parts[1].trimmingCharacters(in: .whitespaces))
  }

  /// Who holds a key, or nil when no such key is valid.
  func caller(holding secret: String) -> Caller? {
    let hash = Self.hash(secret)
    return valid.withLock { $0[hash] }
  }

  /// Who holds the key of this id, nil being the one of the configuration, and the hash of the key; nil when it is not
  /// valid any more.
  func holder(of id: Int64?) -> (caller: Caller, hash: Data)? {
    valid.withLock { valid in valid.first { $0.value.keyID == id }.map { ($0.value, $0.key) } }
  }

  private static let noteEvery: TimeInterval = 300

  /// Remembers that a key was used, without holding up who uses it.
  func noteUse(by caller: Caller) {
    guard let id = caller.keyID else { return }
    let now = store.now()
    let isDue = noted.withLock { noted in
      guard noted[id].map({ abs(now.timeIntervalSince($0)) >= Self.noteEvery }) ?? true else { return false }
      noted[id] = now
      return true
    }
    guard isDue else { return }
    Task { [self] in
      do {
        try await store.write { database in
          try database.execute(
            cached: "UPDATE api_key SET last_used_at = ? WHERE id = ?",
            arguments: [now.milliseconds, id]
          )
        }
      } catch {
        // The disk is full, say: the next use tries again.
        noted.withLock { $0[id] = nil }
      }
    }
  }

  /// A new key. The text is returned this once.
  func create(name: String, role: Role, by change: AuditedChange? = nil) async throws -> (key: APIKey, secret: String) {
    let secret = "cd_" + Base64URL.encode(Data.random(32))
    let hash = Self.hash(secret)
    let now = store.now()
    let id = try await store.write { database in
      try database.execute(
        sql: "INSERT INTO api_key (name, role, hash, created_at) VALUES (?, ?, ?, ?)",
        arguments: [name, role.rawValue, hash, now.milliseconds]
      )
      let id = database.lastInsertedRowID
      try change?.record(
        "create",
        of: "api-keys/\(id)",
        after: ["name": name, "role": role.rawValue],
        database
      )
      return id
    }
    valid.withLock { $0[hash] = Caller(role: role, keyID: id, name: name) }
    return (APIKey(id: id, name: name, role: role, createdAt: now), secret)
  }

  func list() async throws -> [APIKey] {
    try await store.read { database in
      let sql = "SELECT id, name, role, created_at, revoked_at, last_used_at FROM api_key ORDER BY id"
      return try Row.fetchAll(database, sql: sql).compactMap { row in
        guard let role = Role(rawValue: row["role"]) else { return nil }
        return APIKey(
          id: row["id"],
          name: row["name"],
          role: role,
          createdAt: Date(milliseconds: row["created_at"]),
          revokedAt: (row["revoked_at"] as Int64?).map(Date.init(milliseconds:)),
          lastUsedAt: (row["last_used_at"] as Int64?).map(Date.init(milliseconds:))
        )
      }
    }
  }

  /// False when there is no such key. Revoking twice changes nothing.
  func revoke(id: Int64, by change: AuditedChange? = nil) async throws -> Bool {
    let now = store.now()
    let hash = try await store.write { database -> Data? in
      let row = try Row.fetchOne(
        database,
        sql: "SELECT name, role, hash, revoked_at FROM api_key WHERE id = ?",
        arguments: [id]
      )
      guard let row else { return nil }
      guard row["revoked_at"] == nil else {
        change?.changedNothing()
        return row["hash"]
      }
      try database.execute(
        sql: "UPDATE api_key SET revoked_at = ? WHERE id = ?",
        arguments: [now.milliseconds, id]
      )
      let key: [String: String] = ["name": row["name"], "role": row["role"]]
      try change?.record("revoke", of: "api-keys/\(id)", before: key, database)
      return row["hash"]
    }
    guard let hash else { return false }
    valid.withLock { $0[hash] = nil }
    return true
  }

  private static func hash(_ secret: String) -> Data { Data(SHA256.hash(data: Data(secret.utf8))) }
}
