import Crypto
import Foundation
import GRDB
import HTTPServer
import HTTPTypes

/// What keeps a professional reader signed in: a cookie with a secret, of which the store has a hash. It says who somebody
/// is; whether they may read transcripts is asked anew at each request.
struct ReadingSession: Sendable {
  let store: Store
  let isSecure: Bool

  static let lifetime: TimeInterval = 30 * 86_400

  /// A browser takes a name with this beginning only from the host itself, over TLS (RFC 6265bis §4.1.3.2).
  private var cookieName: String { isSecure ? "__Host-session" : "session" }

  /// - Returns: the secret.
  static func start(for subscriber: Int64, now: Date, _ database: Database) throws -> String {
    let secret = Base64URL.encode(Data.random(32))
    try database.execute(
      sql: "INSERT INTO session (hash, subscriber_id, created_at, expires_at) VALUES (?, ?, ?, ?)",
      arguments: [hash(secret), subscriber, now.milliseconds, now.addingTimeInterval(lifetime).milliseconds]
    )
    return secret
  }

  /// Who sends this request; nil for everybody who is not signed in.
  func reader(of request: Request) async throws -> Subscriber? {
    guard let secret = secret(in: request) else { return nil }
    let now = store.now()
    return try await store.read { database in
      let id = try Int64.fetchOne(
        database,
        sql: "SELECT subscriber_id FROM session WHERE hash = ? AND expires_at > ?",
        arguments: [Self.hash(secret), now.milliseconds]
      )
      return try id.flatMap { try Subscriber.find(id: $0, database) }
    }
  }

  func end(_ request: Request) async throws {
    guard let secret = secret(in: request) else { return }
    try await store.write { database in
      try database.execute(sql: "DELETE FROM session WHERE hash = ?", arguments: [Self.hash(secret)])
    }
  }

  /// The Set-Cookie field that keeps a secret, or forgets it.
  func cookie(_ secret: String?) -> String {
    let age = secret == nil ? 0 : Int(Self.lifetime)
    return "\(cookieName)=\(secret ?? ""); Path=/; Max-Age=\(age); HttpOnly; SameSite=Lax"
      + (isSecure ? "; Secure" : "")
  }

  private func secret(in request: Request) -> String? {
    request.cookie(cookieName)
  }

  /// The secret has 256 random bits, so a plain hash is enough.
  private static func hash(_ secret: String) -> Data { Data(SHA256.hash(data: Data(secret.utf8))) }
}

extension Subscriber {
  /// May read transcripts.
  func isProfessional(at date: Date) -> Bool { professionalUntil.map { $0 > date } ?? false }
}
