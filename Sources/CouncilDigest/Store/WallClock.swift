import Foundation

/// What time it is. Tests replace it with a clock that they move.
public struct WallClock: Sendable {
  public var now: @Sendable () -> Date

  public init(now: @escaping @Sendable () -> Date) {
    self.now = now
  }

  public static let system = WallClock(now: { Date() })
}

extension Date {
  /// As times are stored: whole milliseconds since 1970, UTC.
  public var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }

  public init(milliseconds: Int64) {
    self.init(timeIntervalSince1970: Double(milliseconds) / 1000)
  }
}
