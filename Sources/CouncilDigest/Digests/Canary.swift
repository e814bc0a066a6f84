import Foundation
import GRDB

/// The first letters of a run go ahead alone, and the others wait to see what becomes of them.
struct Canary: Equatable, Sendable {
  /// How many letters may still go ahead; 0 when all have, or when there is no canary.
  var left: Int
  /// Until when the others wait for what becomes of the first; nil while those leave, and when it is over.
  var until: Date?

  static let over = Canary(left: 0, until: nil)

  /// What an operator configured. No letters, no canary.
  struct Plan: Equatable, Sendable {
    var letters: Int
    var wait: TimeInterval
  }

  /// What became of the first letters.
  enum Verdict: Equatable, Sendable {
    case goOn
    /// None was answered for good: the relay is away, or puts letters off.
    case tryAgain
    case pause(because: String)
  }

  /// Pauses when more than one in ten was not accepted.
  static func verdict(on counts: DigestRun.Counts) -> Verdict {
    let refused = counts.failed + counts.uncertain
    let answered = counts.sent + refused
    guard answered > 0 else { return .tryAgain }
    guard refused * 10 > answered else { return .goOn }
    return .pause(because: "\(refused) of the first \(answered) letters were not accepted")
  }

  init(left: Int, until: Date?) {
    self.left = left
    self.until = until
  }

  init(row: Row) {
    left = row["canary_left"]
    until = (row["canary_until"] as Int64?).map(Date.init(milliseconds:))
  }

  /// After some more letters were answered for.
  func answered(_ letters: Int, _ plan: Plan, now: Date) -> Canary {
    guard left > 0 else { return self }
    let left = max(0, left - letters)
    return Canary(left: left, until: left == 0 ? now.addingTimeInterval(plan.wait) : nil)
  }

  func store(in run: Int64, _ database: Database) throws {
    try database.execute(
      cached: "UPDATE digest_run SET canary_left = ?, canary_until = ? WHERE id = ?",
      arguments: [left, until?.milliseconds, run]
    )
  }
}

extension Canary.Plan {
  /// Counts letters that were answered for against the first of their run.
  func count(_ letters: Int, of run: Int64, now: Date, _ database: Database) throws {
    let left = try Int.fetchOne(
      database,
      cached: "SELECT canary_left FROM digest_run WHERE id = ? AND canary_left > 0",
      arguments: [run]
    )
    guard let left else { return }
    try Canary(left: left, until: nil).answered(letters, self, now: now).store(in: run, database)
  }
}
