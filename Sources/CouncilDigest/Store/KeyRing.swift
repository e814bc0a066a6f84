import Crypto
import Foundation
import GRDB

/// The secrets that sign what is mailed. New signatures use the newest; every older one still verifies.
public struct KeyRing: Sendable {
  /// Which secret a signature was made with.
  public typealias ID = Int64

  /// Keyed once: each letter needs four signatures, and half of the work is the key's.
  private let keyed: [ID: HMAC<SHA256>]
  public let current: ID

  static func load(_ database: Database, now: Date) throws -> KeyRing {
    if try Int.fetchOne(database, sql: "SELECT count(*) FROM key") == 0 { try add(database, now: now) }
    let rows = try Row.fetchAll(database, sql: "SELECT id, secret FROM key ORDER BY id")
    let keyed = rows.map { row -> (ID, HMAC<SHA256>) in
      (row["id"], HMAC(key: SymmetricKey(data: row["secret"] as Data)))
    }
    guard let newest = keyed.last else { throw StoreProblem.unusable(path: "key", problem: "there is no key") }
    return KeyRing(keyed: Dictionary(uniqueKeysWithValues: keyed), current: newest.0)
  }

  /// From the next start on, this signs what is mailed.
  static func add(_ database: Database, now: Date) throws {
    let secret = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
    try database.execute(
      sql: "INSERT INTO key (secret, created_at) VALUES (?, ?)",
      arguments: [secret, now.milliseconds]
    )
  }

  /// HMAC-SHA256 of `message`, cut to `length` bytes; nil when the key is not ours.
  func signature(of message: some DataProtocol, key: ID, length: Int) -> [UInt8]? {
    guard var code = keyed[key] else { return nil }
    code.update(data: message)
    return code.finalize().withUnsafeBytes { Array(UnsafeRawBufferPointer(rebasing: $0[..<length])) }
  }

  /// A hash that can be compared but not reversed without the key, for what must not be stored in clear.
  public func pseudonym(of text: String) -> Data {
    guard let hash = signature(of: Array("pseudonym:\(text)".utf8), key: firstKey, length: 16) else {
      preconditionFailure("the ring always holds its first key")
    }
    return Data(hash)
  }

  /// Pseudonyms must stay comparable when keys rotate, so they use the oldest.
  private var firstKey: ID { keyed.keys.min() ?? current }
}
