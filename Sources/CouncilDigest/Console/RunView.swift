import Foundation

/// A run as the console shows it, with the buttons that its state allows.
struct RunView: Sendable {
  struct Row: Sendable {
    var label: String
    var count: String
  }

  struct Button: Sendable {
    var label: String
    var path: String
    /// Asked about on a page of its own first.
    var isAsked: Bool
    var isQuiet: Bool
  }

  var id: Int64
  var week: String
  var state: String
  var isWrong: Bool
  var sentence: String
  var window: String
  var hasLetters: Bool
  var settled: Int
  var recipients: Int
  /// "3 of 10 letters dealt with".
  var progress: String
  var rows: [Row]
  var buttons: [Button]
  var hasButtons: Bool
}

extension RunView {
  /// - Parameter rate: letters a second lately.
  init(
    _ run: DigestRun,
    _ counts: DigestRun.Counts,
    rate: Double?,
    isHeld: Bool,
    isOperator: Bool,
    now: Date,
    _ dates: ReadableDate
  ) {
    id = run.id
    week = run.week
    state = Self.state(run, isHeld: isHeld)
    isWrong = run.state == .paused || run.state == .cancelled
    sentence = Self.sentence(run, counts, rate: rate, isHeld: isHeld, now: now, dates)
    window = "Carries what was announced after \(dates.dayAndTime(run.from)), up to \(dates.dayAndTime(run.to))."
    hasLetters = counts.recipients > 0
    settled = counts.recipients - counts.queued
    recipients = counts.recipients
    progress = "\(settled.grouped) of \(counts.recipients.counted("letter")) dealt with"
    rows = [
      Row(label: "Waiting", count: counts.queued.grouped), Row(label: "Sent", count: counts.sent.grouped),
      Row(label: "Failed", count: counts.failed.grouped), Row(label: "Uncertain", count: counts.uncertain.grouped),
      Row(label: "Cancelled", count: counts.cancelled.grouped),
    ]
    buttons =
      isOperator
      ? ControlDigestRun.allCases.filter { $0.changes(run) }.map { control in
        Button(
          label: Self.label(control, of: run),
          path: RunControlPages.path(run.id, control),
          isAsked: control == .approve || control == .cancel,
          isQuiet: control == .cancel || control == .pause
        )
      } : []
    hasButtons = !buttons.isEmpty
  }

  private static func state(_ run: DigestRun, isHeld: Bool) -> String {
    switch run.state {
    case .planning: isHeld ? "Held back" : "Being planned"
    case .awaitingApproval: "Waits for approval"
    case .sending: isHeld ? "Held back" : run.canary.until == nil ? "Sending" : "First letters sent"
    case .paused: "Paused"
    case .sent: "Sent"
    case .cancelled: "Cancelled"
    }
  }

  /// Before that, how fast letters leave is only not known yet.
  private static let longestStart: TimeInterval = 60

  private static func sentence(
    _ run: DigestRun,
    _ counts: DigestRun.Counts,
    rate: Double?,
    isHeld: Bool,
    now: Date,
    _ dates: ReadableDate
  ) -> String {
    switch run.state {
    case .planning where isHeld, .sending where isHeld:
      "It goes on when you release the hold."
    case .planning: "Letters are being prepared since \(dates.dayAndTime(run.startedAt))."
    case .awaitingApproval: "Nothing leaves until you approve it."
    case .sending:
      if let until = run.canary.until {
        "The first letters have left. The others wait until \(dates.time(until)) to see what becomes of them."
      } else if let rate, let seconds = counts.secondsLeft(at: rate, now: now) {
        "About \(Int(rate.rounded(.up)).counted("letter")) a second; \(left(seconds))."
      } else if let last = counts.lastAttemptAt, last > now {
        "What is left was put off by the relay, and is tried again until \(dates.time(last))."
      } else if now.timeIntervalSince(run.startedAt) < longestStart {
        "Letters leave since \(dates.dayAndTime(run.startedAt))."
      } else {
        "Began on \(dates.dayAndTime(run.startedAt)). No letter has left in the last half minute."
      }
    case .paused: run.pausedBecause.map { "\($0)." } ?? "Nothing leaves until you resume it."
    case .sent, .cancelled:
      run.finishedAt.map { "Over since \(dates.dayAndTime($0))." } ?? "What had not left is not sent."
    }
  }

  private static func left(_ seconds: Double) -> String {
    let minutes = Int((seconds / 60).rounded(.up))
    return minutes <= 1 ? "done in a minute" : "done in about \(minutes.counted("minute"))"
  }

  private static func label(_ control: ControlDigestRun, of run: DigestRun) -> String {
    switch control {
    case .approve: "Approve"
    case .pause: "Pause"
    case .resume: run.state == .paused ? "Resume" : "Let the others go"
    case .cancel: "Cancel"
    }
  }
}
