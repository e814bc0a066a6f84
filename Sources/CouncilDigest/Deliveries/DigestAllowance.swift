import Foundation
import GRDB

/// When digests may leave, and how many in a day. Letters that people wait for always may.
public struct DigestAllowance: Equatable, Sendable {
  /// Minutes of the day, the first included; nil is all day. A window may reach over midnight.
  var window: Range<Int>?
  /// 0 is unlimited.
  var perDay: Int
  /// So many on the first day, and twice as many on each that follows; nil when the sender is known already.
  var warmUp: WarmUp?
  var timeZone: TimeZone

  /// How the relays of the world get to know a new sender.
  public struct WarmUp: Equatable, Sendable {
    var letters: Int
    /// The first day, at its start.
    var from: Date
  }

  /// How many more digests may leave now, when `sent` have left today; nil is any number.
  func remaining(at now: Date, sent: Int) -> Int? {
    guard isOpen(at: now) else { return 0 }
    let caps = [perDay > 0 ? perDay : nil, warmUpCap(at: now)].compactMap(\.self)
    return caps.min().map { max(0, $0 - sent) }
  }

  /// `2026-11-28` in the site's zone.
  func day(of date: Date) -> String {
    let parts = calendar.dateComponents([.year, .month, .day], from: date)
    let two = { (number: Int?) in (number ?? 0) < 10 ? "0\(number ?? 0)" : "\(number ?? 0)" }
    return "\(parts.year ?? 0)-\(two(parts.month))-\(two(parts.day))"
  }

  static func sent(on day: String, _ database: Database) throws -> Int {
    try Int.fetchOne(database, cached: "SELECT sent FROM digests_by_day WHERE day = ?", arguments: [day]) ?? 0
  }

  static func count(_ letters: Int, on day: String, _ database: Database) throws {
    try database.execute(
      cached: """
        INSERT INTO digests_by_day (day, sent) VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET sent = sent + excluded.sent
        """,
      arguments: [day, letters]
    )
  }

  /// When the window that is open at `now` closes; nil when it never does, or is closed.
  func closes(after now: Date) -> Date? {
    guard let window, let minute = minuteInWindow(at: now) else { return nil }
    let second = Int(now.timeIntervalSince1970) % 60
    return now.addingTimeInterval(TimeInterval((window.upperBound - minute) * 60 - second))
  }

  private func isOpen(at now: Date) -> Bool { window == nil || minuteInWindow(at: now) != nil }

  /// Counted on over midnight for a window that began the day before.
  private func minuteInWindow(at now: Date) -> Int? {
    let parts = calendar.dateComponents([.hour, .minute], from: now)
    let minute = (parts.hour ?? 0) * 60 + (parts.minute ?? 0)
    return [minute, minute + 24 * 60].first { window?.contains($0) ?? false }
  }

  private func warmUpCap(at now: Date) -> Int? {
    guard let warmUp, warmUp.letters > 0 else { return nil }
    let days = calendar.dateComponents([.day], from: warmUp.from, to: now).day ?? 0
    // After three weeks of doubling nobody is a stranger any more.
    guard days < 21 else { return nil }
    return warmUp.letters << max(0, days)
  }

  private var calendar: Calendar {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = timeZone
    return calendar
  }
}
