import Synchronization

/// Letters as they were rendered, for those that say the same to everyone: a rush of sign-ups for one council renders once.
final class LetterMemo: Sendable {
  private let bodies = Mutex<[String: LetterBody]>([:])
  private static let maximumCount = 256

  /// - Parameter key: everything the letter depends on.
  func body(_ key: String, render: () throws -> LetterBody) throws -> LetterBody {
    if let body = bodies.withLock({ $0[key] }) { return body }
    let body = try render()
    bodies.withLock { bodies in
      if bodies.count >= Self.maximumCount { bodies = [:] }
      bodies[key] = body
    }
    return body
  }
}
