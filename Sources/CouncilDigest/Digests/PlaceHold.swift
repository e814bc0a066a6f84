import GRDB

/// Holds all digests back until an operator lets them go. What is held already stays as it is.
struct PlaceHold: Sendable {
  let store: Store

  func callAsFunction(_ reason: String?, _ change: AuditedChange) async throws {
    let now = store.now()
    let reason = reason ?? "An operator asked for it"
    try await store.write { database in
      guard try Hold.find(database) == nil else { return change.changedNothing() }
      try Hold.place(reason, now: now, database)
      try change.record("hold", of: "hold", after: ["reason": reason], database)
    }
  }
}
