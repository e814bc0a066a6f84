import CouncilDigest
import Foundation
import Synchronization

/// A clock that stands until it is moved.
public final class TestClock: Sendable {
  private let date: Mutex<Date>

  public init(_ date: Date) { self.date = Mutex(date) }

  /// RFC 3339.
  public convenience init(_ text: String) throws {
    self.init(try Date(text, strategy: .iso8601))
  }

  public var now: Date { date.withLock { $0 } }

  public func move(by seconds: TimeInterval) { date.withLock { $0 += seconds } }

  public func move(to text: String) throws {
    let target = try Date(text, strategy: .iso8601)
    date.withLock { $0 = target }
  }

  public var wall: WallClock {
    WallClock(now: { self.now })
  }
}
