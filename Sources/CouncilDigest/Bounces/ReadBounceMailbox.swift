import Foundation
import Logging
import Mail
import ServiceLifecycle
import Synchronization

/// Empties the mailbox that reports come back to, now and then: each message is recorded before it is deleted, and one that
/// is read twice counts once.
final class ReadBounceMailbox: Service {
  private let mailbox: BounceMailbox
  private let every: Duration
  private let receiveBounce: ReceiveBounce
  private let log: Logger
  private let notify: @Sendable (OperatorNotice) -> Void
  private let isInTrouble = Mutex(false)

  private static let messagesAtOnce = 50

  init(
    _ mailbox: BounceMailbox,
    every: Duration,
    receiveBounce: ReceiveBounce,
    log: Logger,
    notify: @escaping @Sendable (OperatorNotice) -> Void
  ) {
    self.mailbox = mailbox
    self.every = every
    self.receiveBounce = receiveBounce
    self.log = log
    self.notify = notify
  }

  func run() async throws {
    try? await cancelWhenGracefulShutdown { [self] in
      while true {
        await round()
        try await Task.sleep(for: every)
      }
    }
    // A service that ends before its group asks it to is taken for one that failed.
    try? await gracefulShutdown()
  }

  /// Until the mailbox is empty, or can't be read.
  func round() async {
    var seen: Set<String> = []
    do {
      while try await readSome(&seen) == Self.messagesAtOnce {}
      isInTrouble.withLock { $0 = false }
    } catch is CancellationError {
    } catch {
      log.error("bounce-mailbox.trouble", metadata: ["problem": "\(error)"])
      let isKnown = isInTrouble.withLock { isInTrouble in
        defer { isInTrouble = true }
        return isInTrouble
      }
      if !isKnown { notify(.bounceMailboxUnreadable("\(error)")) }
    }
  }

  /// - Returns: how many messages there were.
  private func readSome(_ seen: inout Set<String>) async throws -> Int {
    try Task.checkCancellation()
    let messages = try await blocking { [mailbox] in try mailbox.messages(limit: Self.messagesAtOnce) }
    guard !messages.isEmpty else { return 0 }
    let names = Set(messages.map(\.name))
    guard names.isDisjoint(with: seen) else {
      throw BounceMailbox.Problem(description: "the server keeps messages that were deleted")
    }
    seen.formUnion(names)
    for message in messages { _ = try await receiveBounce(message.content) }
    try await blocking { [mailbox] in try mailbox.delete(names) }
    log.info("bounce-mailbox.read", metadata: ["messages": "\(messages.count)"])
    return messages.count
  }

  /// libcurl blocks, and must not block those who answer requests. Who stops does not wait for it: what it still does is
  /// then done in vain.
  private func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    let waiting = Mutex<CheckedContinuation<Value, any Error>?>(nil)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        waiting.withLock { $0 = continuation }
        DispatchQueue.global(qos: .utility).async {
          let result = Result { try body() }
          waiting.withLock { $0.take() }?.resume(with: result)
        }
        if Task.isCancelled { waiting.withLock { $0.take() }?.resume(throwing: CancellationError()) }
      }
    } onCancel: {
      waiting.withLock { $0.take() }?.resume(throwing: CancellationError())
    }
  }
}

extension OperatorNotice {
  static func bounceMailboxUnreadable(_ problem: String) -> OperatorNotice {
    OperatorNotice(
      subject: "The mailbox for bounces can’t be read",
      sentences: [
        "It said: \(problem)",
        "Letters go on leaving, but nobody hears which of them came back. It is tried again as often as configured.",
        "Check mail.bounce_mailbox.host, username and password.",
      ],
      command: "council-digest check"
    )
  }
}
