import Foundation
import GRDB

/// How many sign-ups are taken: a form that mails strangers is a weapon (list bombing). Counted in the store, so a
/// restart forgets nothing. 0 is unlimited.
public struct SignupCaps: Equatable, Sendable {
  public var confirmationsPerAddressPerWeek = 3
  public var perNetworkPerHour = 20
  public var perHour = 2_000

  public init() {}

  enum Verdict: Equatable {
    case welcome
    /// And nobody else is, for now.
    case welcomeAsLast
    case tooManyFromNetwork
    case tooManyInAll
  }

  /// Counts an attempt from a client and says whether it may go on.
  func admit(_ network: ClientNetwork, _ database: Database, keys: KeyRing, now: Date) throws -> Verdict {
    guard perNetworkPerHour > 0 || perHour > 0 else { return .welcome }
    let hourAgo = now.milliseconds - 3_600_000
    let hash = keys.pseudonym(of: network.text)
    if perNetworkPerHour > 0 {
      let count = try Int.fetchOne(
        database,
        cached: "SELECT count(*) FROM signup_attempt WHERE network = ? AND attempted_at > ?",
        arguments: [hash, hourAgo]
      )
      if let count, count >= perNetworkPerHour { return .tooManyFromNetwork }
    }
    var isLast = false
    if perHour > 0 {
      let count = try Int.fetchOne(
        database,
        cached: "SELECT count(*) FROM signup_attempt WHERE attempted_at > ?",
        arguments: [hourAgo]
      )
      if let count, count >= perHour { return .tooManyInAll }
      isLast = count == perHour - 1
    }
    // Only now: who is refused changes nothing, and costs those who sign up beside them nothing.
    try database.execute(cached: "DELETE FROM signup_attempt WHERE attempted_at <= ?", arguments: [hourAgo])
    try database.execute(
      cached: "INSERT INTO signup_attempt (network, attempted_at) VALUES (?, ?)",
      arguments: [hash, now.milliseconds]
    )
    return isLast ? .welcomeAsLast : .welcome
  }
}
