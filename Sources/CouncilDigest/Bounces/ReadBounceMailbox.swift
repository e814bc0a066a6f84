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
    do {
      while try await readSome() == Self.messagesAtOnce {}
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
  private func readSome() async throws -> Int {
    try Task.checkCancellation()
    let messages = try await blocking { [mailbox] in try mailbox.messages(limit: Self.messagesAtOnce) }
    guard !messages.isEmpty else { return 0 }
    for message in messages { _ = try await receiveBounce(message.content) }
    try await blocking { [mailbox] in try mailbox.delete(Set(messages.map(\.name))) }
    log.info("bounce-mailbox.read", metadata: ["messages": "\(messages.count)"])
    return messages.count
  }

  /// libcurl blocks, and must not block those who answer requests.
  private func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global(qos: .utility).async { continuation.resume(with: Result(catching: body)) }
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
