import Synchronization

/// Something that a script asks and a test changes.
public final class Gate: Sendable {
  private let closed = Mutex(false)

  public init() {}

  public var isClosed: Bool { closed.withLock { $0 } }
  public func close() { closed.withLock { $0 = true } }
  public func open() { closed.withLock { $0 = false } }
}
