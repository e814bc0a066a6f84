import Foundation
import Logging
import Mail
import ServiceLifecycle
import Synchronization

/// Worker threads that take letters from the queue, send them and record the outcome, one at a time each.
final class Sender: Service {
  private let queue: DeliveryQueue
  private let clock: WallClock
  private let workers: Int
  private let openTransport: @Sendable () throws -> any MailTransport
  private let rate: RateLimit
  private let signer: DKIMSigner?
  private let log: Logger
  /// The relay does not let us log in, with what it said: a person must act.
  private let loginRefused: @Sendable (String) -> Void
  private let bell = Bell()
  let breaker = RelayBreaker()
  private let storeRefuses = Mutex(false)

  /// Whether letters can't be taken or recorded because the store can't be written.
  var isStoreRefusing: Bool { storeRefuses.withLock { $0 } || queue.records.isStoreRefusing }

  /// How long a stopping sender waits for letters under way. What is still under way then is sent again, the same
  /// bytes under the same Message-ID, by the next start.
  private static let drainDeadline: Duration = .seconds(7)

  init(
    queue: DeliveryQueue,
    clock: WallClock,
    workers: Int,
    rate: RateLimit,
    signer: DKIMSigner?,
    log: Logger,
    loginRefused: @escaping @Sendable (String) -> Void,
    openTransport: @escaping @Sendable () throws -> any MailTransport
  ) {
    self.queue = queue
    self.clock = clock
    self.workers = workers
    self.rate = rate
    self.signer = signer
    self.log = log
    self.loginRefused = loginRefused
    self.openTransport = openTransport
  }

  /// Takes no more letters; those under way may finish. `run` returns once they have, or when their time is over.
  func stop() {
    bell.stop(within: Self.drainDeadline)
    queue.records.stop()
  }

  /// There is something to send.
  func wake() {
    queue.look()
    bell.ring()
  }

  func run() async throws {
    for number in 0..<workers {
      bell.workerStarted()
      let thread = Thread { [self] in
        work()
        bell.workerEnded()
      }
      thread.name = "sender-\(number)"
      thread.start()
    }
    await withGracefulShutdownHandler {
      // Returns when every worker has ended, which they do after `stop`.
      while bell.workerCount > 0, !Task.isCancelled, !bell.isOverdue {
        try? await Task.sleep(for: .milliseconds(20))
      }
    } onGracefulShutdown: {
      self.stop()
    }
    bell.stop(within: .zero)
    // A service that ends before its group asks it to is taken for one that failed.
    try? await gracefulShutdown()
  }

  private func work() {
    var transport = openAtStart()
    // The letter before, on its way into the store while this one is on its way to the relay.
    var before: PendingRecord?
    while !bell.isStopping {
      let rings = bell.count
      guard case .go = breaker.permission(at: clock.now()) else {
        bell.pause(seconds: 0.25)
        continue
      }
      // Digests keep the pace; letters that people wait for don't.
      let wait = rate.wait(at: .now)
      guard let job = takeJob(includingDigests: wait == nil) else {
        _ = before?.wait()
        if wait == nil { rate.giveBack() }
        probeIfInTrouble()
        bell.wait(seconds: wait.map { min(1, max(0.001, $0 / .seconds(1))) } ?? 1, since: rings)
        continue
      }
      if wait != nil { rate.overtaken(at: .now) }
      // Where there was one letter there may be more.
      bell.ring()
      let outcome = send(job, &transport) { before?.wait() ?? true }
      if outcome == .brokenOff || outcome.isRelayTrouble { transport = nil }
      _ = before?.wait()
      before = queue.report(outcome, of: job.mail)
      report(outcome, of: job)
    }
    _ = before?.wait()
  }

  /// A way out that can't even be opened is known before the first letter needs it.
  private func openAtStart() -> (any MailTransport)? {
    do {
      return try openTransport()
    } catch {
      reportTrouble("\(error)")
      return nil
    }
  }

  /// With nothing to send, a relay that was in trouble is still asked whether it is back.
  private func probeIfInTrouble() {
    guard breaker.trouble != nil else { return breaker.notNeeded() }
    do {
      if let problem = try openTransport().problem() {
        _ = breaker.failed(problem, needsPerson: false, at: clock.now())
      } else {
        relayAnswered()
      }
    } catch {
      _ = breaker.failed("\(error)", needsPerson: false, at: clock.now())
    }
  }

  private func takeJob(includingDigests: Bool) -> DeliveryQueue.Job? {
    do {
      let job = try queue.take(includingDigests: includingDigests)
      storeRefuses.withLock { $0 = false }
      return job
    } catch {
      storeRefuses.withLock { $0 = true }
      log.error("mail.take-failed", metadata: ["error": "\(error)"])
      return nil
    }
  }

  private func send(
    _ job: DeliveryQueue.Job,
    _ transport: inout (any MailTransport)?,
    mayFinish: () -> Bool
  ) -> SendOutcome {
    do {
      let open = try transport ?? openTransport()
      transport = open
      var envelope = job.envelope
      if let signer { envelope.content = try signer.signed(envelope.content) }
      return open.send(envelope, mayFinish: mayFinish)
    } catch {
      return .relayTrouble("\(error)")
    }
  }

  private func report(_ outcome: SendOutcome, of job: DeliveryQueue.Job) {
    let letter: Logger.Metadata = ["letter": "\(job.mail.id)", "kind": "\(job.mail.kind.rawValue)"]
    switch outcome {
    case .sent:
      relayAnswered()
    case .refused(let reply, let isPermanent):
      relayAnswered()
      // The relay's words may hold an address; they stand in the letter's row.
      let refusal: Logger.Metadata = [
        "code": "\(reply.code)", "status": "\(reply.status ?? "-")", "permanent": "\(isPermanent)",
      ]
      log.warning("mail.refused", metadata: letter.merging(refusal) { $1 })
    case .uncertain:
      relayAnswered()
      log.warning("mail.uncertain", metadata: letter)
    case .brokenOff: breaker.notNeeded()
    case .relayTrouble(let problem):
      reportTrouble(problem)
    case .loginRefused(let problem):
      if breaker.failed(problem, needsPerson: true, at: clock.now()) {
        let problem = Self.withoutAddresses(problem)
        log.critical("relay.login-refused", metadata: ["problem": "\(problem)"])
        loginRefused(problem)
      }
    }
  }

  /// A relay may repeat the recipient in its reply; no log holds one.
  private static func withoutAddresses(_ text: String) -> String { text.replacing(/\S+@\S+/, with: "…") }

  private func reportTrouble(_ problem: String) {
    guard breaker.failed(problem, needsPerson: false, at: clock.now()) else { return }
    log.error("relay.trouble", metadata: ["problem": "\(Self.withoutAddresses(problem))"])
  }

  private func relayAnswered() {
    if breaker.succeeded() { log.notice("relay.recovered") }
  }
}

extension SendOutcome {
  fileprivate var isRelayTrouble: Bool {
    if case .relayTrouble = self { true } else { false }
  }
}
