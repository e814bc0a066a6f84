import Foundation

/// Now, and waiting for later. The one thing tests replace: they move it instead of sleeping.
public struct WallClock: Sendable {
  public var now: @Sendable () -> Date
  public var sleep: @Sendable (Duration) async throws -> Void

  public init(now: @escaping @Sendable () -> Date, sleep: @escaping @Sendable (Duration) async throws -> Void) {
    self.now = now
    self.sleep = sleep
  }

  public static let system = WallClock(now: { Date() }, sleep: { try await Task.sleep(for: $0) })
}

extension Date {
  /// As times are stored: whole milliseconds since 1970, UTC.
  public var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }

  public init(milliseconds: Int64) {
    self.init(timeIntervalSince1970: Double(milliseconds) / 1000)
  }
}
