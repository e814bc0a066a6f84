import GRDB
import HTTPTypes

/// What a PUT came to.
enum PutOutcome: Equatable, Sendable {
  case created, replaced
  /// It was there already, the same.
  case unchanged

  var status: HTTPResponse.Status { self == .created ? .created : .ok }

  /// - Parameter before: what was there; nil when nothing was.
  init<Item: Equatable>(_ before: Item?, _ after: Item) {
    switch before {
    case nil: self = .created
    case after: self = .unchanged
    default: self = .replaced
    }
  }
}

extension AuditedChange {
  /// What a PUT came to.
  func record(
    _ outcome: PutOutcome,
    of subject: String,
    _ before: (any Encodable)?,
    _ after: any Encodable,
    _ database: Database
  ) throws {
    guard outcome != .unchanged else { return changedNothing() }
    try record("put", of: subject, before: before, after: after, database)
  }
}
