import Foundation

/// Answers of the API about digest runs, in lines for a terminal of 80 columns.
enum RunReport {
  static func run(_ run: [String: Any]) -> [String] {
    var lines = ["Run \(number(run, "id")) of \(text(run, "week")): \(state(run))"]
    if run["held"] as? Bool == true { lines.append("  all digests are held; council-digest hold --status says why") }
    if let reason = run["paused_because"] as? String { lines.append("  because \(reason)") }
    if let until = run["canary_until"] as? String {
      lines.append("  its first letters have left; the others wait until \(until)")
    }
    guard run["state"] as? String != "planning" else { return lines + ["  its letters are being put together"] }
    let counts = ["sent", "queued", "failed", "uncertain", "cancelled"]
      .filter { number(run, $0) > 0 || $0 == "sent" }.map { "\(grouped(number(run, $0))) \($0)" }
    lines.append("  \(counted(number(run, "recipients"), "letter")): \(counts.joined(separator: ", "))")
    if let pace = pace(run) { lines.append("  \(pace)") }
    if run["state"] as? String == "awaiting_approval" {
      lines.append("  council-digest digest approve \(number(run, "id"))")
    }
    if run["state"] as? String == "cancelled" {
      lines.append("  the schedule goes on and carries what was not sent; council-digest hold keeps digests back")
    }
    return lines
  }

  static func runs(_ answer: [String: Any]) -> [String] {
    let items = answer["items"] as? [[String: Any]] ?? []
    guard !items.isEmpty else { return ["There are no runs yet."] }
    let rows = items.map { run in
      ["id", "week"].map { text(run, $0) } + [state(run)]
        + ["recipients", "sent", "queued", "failed", "uncertain", "cancelled"].map { grouped(number(run, $0)) }
    }
    return table(
      ["ID", "WEEK", "STATE", "LETTERS", "SENT", "QUEUED", "FAILED", "UNSURE", "DROPPED"],
      rows,
      textColumns: 3
    )
  }

  static func dryRun(_ plan: [String: Any]) -> [String] {
    let sizes = plan["sizes"] as? [String: Any] ?? [:]
    var lines: [String] = []
    if let run = plan["existing_run"] as? [String: Any] {
      lines = [
        "\(text(plan, "week")) has its run already: number \(number(run, "id")), \(state(run)).",
        text(run, "state") == "sent"
          ? "  Nothing of what follows would leave now; it waits for the next week's run."
          : "  Its letters that have not left are among those that follow.",
      ]
    }
    lines += [
      "A run of \(text(plan, "week")) that ended \(text(plan, "window_to")) would send "
        + "\(counted(number(plan, "recipients"), "letter")) of \(counted(number(plan, "editions"), "edition")).",
      "  Quiet weeks explained: \(grouped(number(plan, "quiet"))). Readers without a letter: "
        + "\(grouped(number(plan, "without_letter"))). Paused: \(grouped(number(plan, "paused"))).",
      "  HTML: \(kilobytes(sizes, "smallest_bytes")) to \(kilobytes(sizes, "largest_bytes")), "
        + "median \(kilobytes(sizes, "median_bytes")).",
    ]
    let meetings = plan["most_read"] as? [[String: Any]] ?? []
    if !meetings.isEmpty {
      lines += ["", "\(counted(number(plan, "meetings"), "meeting")), those with most readers first:"]
      lines += table(
        ["READERS", "MEETING"],
        meetings.map { [grouped(number($0, "recipients")), text($0, "meeting")] },
        textColumns: 0
      )
    }
    let warnings = plan["warnings"] as? [[String: Any]] ?? []
    if !warnings.isEmpty { lines += ["", "To look at:"] }
    for warning in warnings {
      let readers = warning["recipients"] as? Int
      lines.append("  ! \(text(warning, "detail"))\(readers.map { " (\(counted($0, "reader")))" } ?? "")")
    }
    return lines
  }

  static func hold(_ hold: [String: Any]) -> [String] {
    guard hold["held"] as? Bool == true else { return ["Digests are not held."] }
    let lines = [
      "Digests are held since \(text(hold, "since")): \(text(hold, "reason")).",
      "  Waiting: \(counted(number(hold, "waiting_letters"), "letter")). Let them go with council-digest release.",
    ]
    guard let plan = hold["would_catch_up"] as? [String: Any] else {
      return lines + ["  council-digest hold --status says what would be caught up."]
    }
    return lines + ["", "What would be caught up:"] + dryRun(plan)
  }

  /// `2026-W48 ██████░░░░ 61 %  6,100 of 10,000  340/s  12 s left`
  static func progress(_ run: [String: Any]) -> String {
    let recipients = number(run, "recipients")
    let done = recipients - number(run, "queued")
    guard run["state"] as? String != "planning" else { return "\(text(run, "week"))  being planned" }
    let share = recipients == 0 ? 1 : Double(done) / Double(recipients)
    let parts = [
      text(run, "week"), bar(share), "\(Int(share * 100)) %", "\(grouped(done)) of \(grouped(recipients))",
      pace(run) ?? state(run),
    ]
    return parts.joined(separator: "  ")
  }

  static func bar(_ share: Double) -> String {
    let filled = Int(share * 20)
    return String(repeating: "█", count: filled) + String(repeating: "░", count: 20 - filled)
  }

  private static func pace(_ run: [String: Any]) -> String? {
    guard let rate = run["rate_per_second"] as? Double else { return nil }
    let left = (run["seconds_left"] as? Int).map { ", \(duration($0)) left" } ?? ""
    return "\(counted(Int(rate.rounded()), "letter")) a second\(left)"
  }

  private static func duration(_ seconds: Int) -> String {
    seconds < 90 ? "\(seconds) s" : seconds < 5_400 ? "\(seconds / 60) min" : "\(seconds / 3_600) h"
  }

  private static func state(_ run: [String: Any]) -> String {
    text(run, "state").replacingOccurrences(of: "_", with: " ")
  }

  private static func text(_ object: [String: Any], _ name: String) -> String { object[name].map { "\($0)" } ?? "" }
  private static func number(_ object: [String: Any], _ name: String) -> Int { object[name] as? Int ?? 0 }

  private static func kilobytes(_ object: [String: Any], _ name: String) -> String {
    "\((number(object, name) + 1_023) / 1_024) KB"
  }

  /// "1 letter", "12,345 letters".
  static func counted(_ number: Int, _ noun: String) -> String {
    "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
  }

  /// 12345 is 12,345.
  static func grouped(_ number: Int) -> String {
    var digits = String(number)
    var index = digits.count - 3
    while index > 0 {
      digits.insert(",", at: digits.index(digits.startIndex, offsetBy: index))
      index -= 3
    }
    return digits
  }

  /// - Parameter textColumns: the first so many stand left, the numbers after them right; the last of a row of text ends it.
  static func table(_ head: [String], _ rows: [[String]], textColumns: Int) -> [String] {
    let all = [head] + rows
    let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      let cells = row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        let isText = column < textColumns || (textColumns == 0 && column == row.count - 1)
        return isText ? cell + space : space + cell
      }
      return "  " + String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }
  }
}
