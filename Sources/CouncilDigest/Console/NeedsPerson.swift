import Foundation
import GRDB

/// What waits for an operator, the most urgent first. Decided from what is known, without a clock.
struct NeedsPerson: Equatable, Sendable {
  struct Item: Equatable, Sendable {
    var sentence: String
    /// What to do about it.
    var label: String?
    var path: String?
  }

  /// What is known.
  struct Facts: Sendable {
    var trouble: RelayBreaker.Trouble?
    var storeRefuses = false
    var schedulerProblem = false
    var hold: Hold?
    var runs: [DigestRun] = []
    var openRequests = 0
    var openFeedback = 0
    var newestBackup: Date?
    /// Whether backups are made by themselves.
    var isBackedUpDaily = false
    var installedAt = Date.distantPast
  }

  var items: [Item]

  /// A daily backup that is so old has failed.
  private static let oldBackup: TimeInterval = 2 * 86_400
  /// So long a store may be without one that nobody asked for.
  private static let withoutBackup: TimeInterval = 7 * 86_400

  /// - Parameter isOperator: others see that something is wrong, and not what people wrote or the relay said.
  init(_ facts: Facts, isOperator: Bool, now: Date, _ dates: ReadableDate) {
    let parts: [[Item]] = [
      Self.machine(facts, isOperator: isOperator, dates),
      Self.runs(facts, isOperator: isOperator, dates),
      isOperator ? Self.people(facts) : [],
      Self.backups(facts, now: now, dates),
    ]
    items = parts.flatMap(\.self)
  }

  private static func machine(_ facts: Facts, isOperator: Bool, _ dates: ReadableDate) -> [Item] {
    var items: [Item] = []
    if facts.storeRefuses {
      items.append(Item(sentence: "The store can’t be written; the log says why. Is the disk full?"))
    }
    if let trouble = facts.trouble {
      let problem = isOperator ? ": \(trouble.problem)" : ""
      items.append(
        Item(
          sentence:
            "No mail leaves since \(dates.dayAndTime(trouble.since))\(problem). Letters wait; the next attempt is at "
            + "\(dates.time(trouble.nextProbe))."
        )
      )
    }
    if facts.schedulerProblem {
      items.append(Item(sentence: "The last round of the schedule failed; the log says why. It is tried again."))
    }
    return items
  }

  private static func runs(_ facts: Facts, isOperator: Bool, _ dates: ReadableDate) -> [Item] {
    var items: [Item] = []
    if let hold = facts.hold {
      items.append(
        Item(
          sentence: "All digests are held back since \(dates.dayAndTime(hold.since)): \(hold.reason).",
          label: isOperator ? "Look at what has gathered" : nil,
          path: isOperator ? ConsolePage.Part.hold.path : nil
        )
      )
    }
    for run in facts.runs {
      switch run.state {
      case .awaitingApproval:
        items.append(
          Item(
            sentence: "The run of \(run.week) waits for approval.",
            label: isOperator ? "Look at it" : nil,
            path: isOperator ? RunControlPages.path(run.id, .approve) : nil
          )
        )
      case .paused:
        let reason = run.pausedBecause.map { ": \($0)" } ?? ""
        items.append(Item(sentence: "The run of \(run.week) is paused\(reason)."))
      case .planning, .sending, .sent, .cancelled: break
      }
    }
    return items
  }

  private static func people(_ facts: Facts) -> [Item] {
    var items: [Item] = []
    if facts.openRequests > 0 {
      items.append(
        Item(
          sentence:
            "\(facts.openRequests.counted("topic request")) wait\(facts.openRequests == 1 ? "s" : "") for an answer.",
          label: "Answer",
          path: ConsolePage.Part.requests.path
        )
      )
    }
    if facts.openFeedback > 0 {
      items.append(
        Item(
          sentence:
            "\(facts.openFeedback.counted("message")) from readers \(facts.openFeedback == 1 ? "is" : "are") open.",
          label: "Read",
          path: ConsolePage.Part.feedback.path
        )
      )
    }
    return items
  }

  private static func backups(_ facts: Facts, now: Date, _ dates: ReadableDate) -> [Item] {
    let allowed = facts.isBackedUpDaily ? oldBackup : withoutBackup
    guard let newest = facts.newestBackup else {
      guard now.timeIntervalSince(facts.installedAt) > allowed else { return [] }
      let advice = facts.isBackedUpDaily ? "The log says why." : "Set backup.time to have one each day."
      return [Item(sentence: "There is no backup. \(advice)")]
    }
    guard now.timeIntervalSince(newest) > allowed else { return [] }
    return [Item(sentence: "The newest backup is of \(dates.dayAndTime(newest)).")]
  }
}
