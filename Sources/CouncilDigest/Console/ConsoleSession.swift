import Crypto
import Foundation
import GRDB
import HTTPServer
import HTTPTypes

/// What keeps the holder of an API key signed in to the console: a cookie with a secret. The session is worth what its key
/// is worth: its role is asked anew at each request, and it ends when the key is revoked or changed.
struct ConsoleSession: Sendable {
  let store: Store
  let keys: APIKeys
  let isSecure: Bool

  static let path = "/operator"
  static let lifetime: TimeInterval = 12 * 3_600

  /// A browser takes a name with this beginning only over TLS (RFC 6265bis §4.1.3.1).
  private var cookieName: String { isSecure ? "__Secure-operator" : "operator" }

  /// - Returns: the secret; nil when the key was revoked a moment ago.
  func start(for caller: Caller) async throws -> String? {
    guard let holder = keys.holder(of: caller.keyID) else { return nil }
    let secret = Base64URL.encode(Data.random(32))
    let now = store.now()
    try await store.write { database in
      try database.execute(
        sql: """
          INSERT INTO console_session (hash, api_key_id, proof, created_at, expires_at)
          VALUES (:hash, :key, :proof, :now, :end)
          """,
        arguments: [
          "hash": Self.hash(secret), "key": caller.keyID, "proof": Self.proof(secret, holder.hash),
          "now": now.milliseconds, "end": now.addingTimeInterval(Self.lifetime).milliseconds,
        ]
      )
    }
    return secret
  }

  /// Who sends this request; nil for everybody who is not signed in.
  func caller(of request: Request) async throws -> Caller? {
    guard let secret = request.cookie(cookieName) else { return nil }
    let now = store.now()
    let known = try await store.read { database -> (key: Int64?, proof: Data)? in
      try Row.fetchOne(
        database,
        cached: "SELECT api_key_id, proof FROM console_session WHERE hash = ? AND expires_at > ?",
        arguments: [Self.hash(secret), now.milliseconds]
      ).map { ($0["api_key_id"], $0["proof"]) }
    }
    guard let known, let holder = keys.holder(of: known.key) else { return nil }
    let isProven = HMAC<SHA256>.isValidAuthenticationCode(
      known.proof,
      authenticating: holder.hash,
      using: SymmetricKey(data: Data(secret.utf8))
    )
    return isProven ? holder.caller : nil
  }

  func end(_ request: Request) async throws {
    guard let secret = request.cookie(cookieName) else { return }
    try await store.write { database in
      try database.execute(sql: "DELETE FROM console_session WHERE hash = ?", arguments: [Self.hash(secret)])
    }
  }

  /// The Set-Cookie field that keeps a secret, or forgets it.
  func cookie(_ secret: String?) -> String {
    let age = secret == nil ? 0 : Int(Self.lifetime)
    return "\(cookieName)=\(secret ?? ""); Path=\(Self.path); Max-Age=\(age); HttpOnly; SameSite=Strict"
      + (isSecure ? "; Secure" : "")
  }

  /// The secret has 256 random bits, so a plain hash is enough.
  private static func hash(_ secret: String) -> Data { Data(SHA256.hash(data: Data(secret.utf8))) }

  private static func proof(_ secret: String, _ key: Data) -> Data {
    Data(HMAC<SHA256>.authenticationCode(for: key, using: SymmetricKey(data: Data(secret.utf8))))
  }
}
