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
  /// What an operator should know.
  private let notify: @Sendable (OperatorNotice) -> Void
  private let bell = Bell()
  let breaker = RelayBreaker()
  let meters = LetterMeters()
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
    notify: @escaping @Sendable (OperatorNotice) -> Void,
    openTransport: @escaping @Sendable () throws -> any MailTransport
  ) {
    self.queue = queue
    self.clock = clock
    self.workers = workers
    self.rate = rate
    self.signer = signer
    self.log = log
    self.notify = notify
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
    let records = Thread { [queue] in queue.records.work() }
    records.name = "records"
    records.start()
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
      switch breaker.permission(at: clock.now()) {
      case .go: break
      case .wait:
        bell.pause(seconds: 0.25)
        continue
      case .ask:
        askRelay()
        continue
      }
      // Digests keep the pace; letters that people wait for don't.
      let wait = rate.wait(at: .now)
      var timing = LetterMeters.Timing()
      guard let job = timing.measure(.prepare, { takeJob(includingDigests: wait == nil) }) else {
        if wait == nil {
          queue.records.settle()
          rate.giveBack()
        }
        probeIfInTrouble()
        bell.wait(seconds: wait.map { min(1, max(0.001, $0 / .seconds(1))) } ?? 1, since: rings)
        continue
      }
      if wait != nil { rate.overtaken(at: .now) }
      // Where there was one letter there may be more.
      bell.ring()
      let outcome = send(job, &transport, when: .recorded(before), &timing)
      if outcome.spoiltConnection { transport = nil }
      timing.measure(.record) { _ = before?.wait() }
      meters.add(outcome, of: job.mail.kind, timing)
      before = queue.report(outcome, of: job.mail)
      report(outcome, of: job)
    }
    queue.records.settle()
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
    askRelay()
  }

  /// Without a letter.
  private func askRelay() {
    do {
      if let problem = try openTransport().problem() {
        reportTrouble(problem)
      } else if breaker.answered() {
        log.notice("relay.recovered")
      }
    } catch {
      reportTrouble("\(error)")
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
    when clearance: Clearance,
    _ timing: inout LetterMeters.Timing
  ) -> SendOutcome {
    do {
      let open = try transport ?? openTransport()
      transport = open
      var envelope = job.envelope
      if let signer { envelope.content = try timing.measure(.sign) { try signer.signed(envelope.content) } }
      defer { timing.smtp = open.times }
      return timing.measure(.relay) { BatchScheduling.on { open.send(envelope, when: clearance) } }
    } catch {
      return .relayTrouble("\(error)")
    }
  }

  private func report(_ outcome: SendOutcome, of job: DeliveryQueue.Job) {
    if outcome == .sent { return relayAnswered() }
    let letter: Logger.Metadata = ["letter": "\(job.mail.id)", "kind": "\(job.mail.kind.rawValue)"]
    switch outcome {
    case .sent: break
    case .refused(let reply, let isPermanent):
      relayAnswered()
      // The relay's words may hold an address; they stand in the letter's row.
      let refusal: Logger.Metadata = [
        "code": "\(reply.code)", "status": "\(reply.status ?? "-")", "permanent": "\(isPermanent)",
      ]
      log.warning("mail.refused", metadata: letter.merging(refusal) { $1 })
    case .uncertain(let problem):
      log.warning("mail.uncertain", metadata: letter)
      tell(breaker.repliedUnreadably(problem, at: clock.now()), problem)
    case .brokenOff: breaker.notNeeded()
    case .interrupted(let problem):
      log.warning("mail.interrupted", metadata: letter)
      tell(breaker.interrupted(problem, at: clock.now()), problem)
    case .relayTrouble(let problem): reportTrouble(problem)
    case .relayRefusesUs(let problem):
      tell(breaker.failed(problem, needsPerson: true, at: clock.now()), problem, refusesUs: true)
    }
  }

  /// A relay may repeat the recipient in its reply; no log holds one.
  private static func withoutAddresses(_ text: String) -> String { text.replacing(/\S+@\S+/, with: "…") }

  private func reportTrouble(_ problem: String) { tell(breaker.failed(problem, at: clock.now()), problem) }

  private func tell(_ news: RelayBreaker.News, _ problem: String, refusesUs: Bool = false) {
    let problem = Self.withoutAddresses(problem)
    switch news {
    case .known: break
    case .began: log.error("relay.trouble", metadata: ["problem": "\(problem)"])
    case .needsPerson:
      log.critical(refusesUs ? "relay.refuses-us" : "relay.trouble-goes-on", metadata: ["problem": "\(problem)"])
      notify(refusesUs ? .relayRefusesUs(problem) : .mailCannotLeave(problem))
    }
  }

  private func relayAnswered() {
    if breaker.succeeded() { log.notice("relay.recovered") }
  }
}

extension Clearance {
  /// The letter before is written down: whatever happens, at most one of a connection may be sent twice.
  fileprivate static func recorded(_ before: PendingRecord?) -> Clearance {
    guard let before else { return .given }
    return Clearance(isGiven: { before.isDurable }, obtain: { BatchScheduling.off { before.wait() } })
  }
}

extension SendOutcome {
  /// The next letter begins on a connection of its own.
  fileprivate var spoiltConnection: Bool {
    switch self {
    case .brokenOff, .relayTrouble, .interrupted: true
    case .sent, .refused, .relayRefusesUs, .uncertain: false
    }
  }
}
