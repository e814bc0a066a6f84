import Foundation
import GRDB
import Synchronization

/// Who calls the API.
struct Caller: Equatable, Sendable {
  var role: Role
  /// Nil for the key of the configuration, and for commands.
  var keyID: Int64?
  var name: String

  /// Who may open the socket beside the store.
  static let command = Caller(role: .operator, name: "command line")
  /// The bootstrap key.
  static let configured = Caller(role: .operator, name: "admin.token")
}

/// A change that somebody makes by the API, to be written down in the transaction that makes it. An action must say
/// what it did, or that it did nothing: the route table sees whether it has.
final class AuditedChange: Sendable {
  let caller: Caller
  private let request: String
  private let now: @Sendable () -> Date
  private let isAccounted = Atomic(false)
  private let lastRow = Mutex<Int64?>(nil)

  init(_ caller: Caller, request: String, now: @escaping @Sendable () -> Date) {
    self.caller = caller
    self.request = request
    self.now = now
  }

  var hasAccounted: Bool { isAccounted.load(ordering: .acquiring) }

  /// There was nothing to do: it was so already.
  func changedNothing() { isAccounted.store(true, ordering: .releasing) }

  /// - Parameters:
  ///   - subject: the path that shows it, below `/api/v1/`.
  ///   - before: what it was, when it was there. Of two objects only the members that differ are kept.
  func record(
    _ action: String,
    of subject: String,
    before: (any Encodable)? = nil,
    after: (any Encodable)? = nil,
    _ database: Database
  ) throws {
    let difference = try AuditDifference(before: before, after: after)
    try database.execute(
      cached: """
        INSERT INTO audit (at, api_key_id, who, request, action, subject, before, after)
        VALUES (:at, :key, :who, :request, :action, :subject, :before, :after)
        """,
      arguments: [
        "at": now().milliseconds, "key": caller.keyID, "who": caller.name, "request": request, "action": action,
        "subject": subject, "before": difference.before, "after": difference.after,
      ]
    )
    let row = database.lastInsertedRowID
    lastRow.withLock { $0 = row }
    changedNothing()
  }

  /// As `record`, of something that takes several transactions: each brings its one line up to date.
  func recordProgress(_ action: String, of subject: String, after: any Encodable, _ database: Database) throws {
    if let row = lastRow.withLock({ $0 }) {
      let difference = try AuditDifference(before: nil, after: after)
      // With the request: the line of a transaction that was undone is not there, or is another's.
      try database.execute(
        cached: "UPDATE audit SET after = ? WHERE id = ? AND request = ? AND action = ?",
        arguments: [difference.after, row, request, action]
      )
      if database.changesCount > 0 { return }
    }
    try record(action, of: subject, after: after, database)
  }
}

/// What is kept of two states: the members that differ.
struct AuditDifference: Equatable, Sendable {
  private(set) var before: String?
  private(set) var after: String?

  init(before: (any Encodable)?, after: (any Encodable)?) throws {
    let old = try before.map(Self.object)
    let new = try after.map(Self.object)
    let isSame = { (name: String) in old?[name] != nil && old?[name] == new?[name] }
    self.before = try Self.text(old?.filter { !isSame($0.key) })
    self.after = try Self.text(new?.filter { !isSame($0.key) })
  }

  private static func object(_ value: any Encodable) throws -> [String: Data] {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      try container.encode(date.formatted(.iso8601))
    }
    let parsed = try JSONSerialization.jsonObject(with: encoder.encode(value)) as? [String: Any] ?? [:]
    return try parsed.mapValues { member in
      try JSONSerialization.data(
        withJSONObject: member,
        options: [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes]
      )
    }
  }

  private static func text(_ members: [String: Data]?) throws -> String? {
    guard let members else { return nil }
    let fields = try members.sorted { $0.key < $1.key }.map { name, value in
      let name = try JSONSerialization.data(withJSONObject: name, options: .fragmentsAllowed)
      return String(decoding: name, as: UTF8.self) + ":" + String(decoding: value, as: UTF8.self)
    }
    return "{\(fields.joined(separator: ","))}"
  }
}
