@preconcurrency import Dispatch
import Foundation
import HTTPTypes

/// One accepted socket: bytes in, requests to the responder one after the other, answers out in order.
///
/// Unchecked because every property is touched on the shard's queue only.
final class Connection: @unchecked Sendable {
  let socket: ConnectionSocket
  private let visitor: Visitor
  private let shard: Shard
  private let service: ServerService
  private var parser: RequestParser
  private var phase = ConnectionPhase.reading
  private var outbox = Outbox()
  /// The peer takes no more at the moment.
  private var isBlocked = false
  /// The shard will call `resume`.
  private var isUnfinished = false
  private var peerFinished = false
  private var requests = 0
  /// Its body is on the way, maybe into a file.
  private var admitted: RequestHead?
  private var spool: BodySpool?
  private var lingeredBytes = 0
  private var patience = Patience.unlimited
  private(set) var lastActive: ContinuousClock.Instant

  init(descriptor: Int32, visitor: Visitor, shard: Shard, service: ServerService) {
    self.visitor = visitor
    self.shard = shard
    self.service = service
    parser = RequestParser(limits: service.limits)
    socket = ConnectionSocket(descriptor: descriptor, shard: shard)
    lastActive = shard.now
  }

  // MARK: The story

  /// Starts reading, or says that there are too many connections and closes. Call on the shard's queue.
  func start() {
    shard.add(self)
    shard.woke()
    lastActive = shard.now
    if visitor.isRefused {
      refuse(ServerService.overloaded)
    } else {
      wait(service.limits.idleDeadline)
      if shard.isDraining { drain() }
    }
    updateInterest()
  }

  /// Something happened on the socket.
  func serve(readable: Bool, writable: Bool) {
    lastActive = shard.now
    if writable { flush() }
    if readable { read() }
    if phase == .reading, !isUnfinished { advance() }
    updateInterest()
  }

  /// Goes on with what lies read.
  func resume() {
    isUnfinished = false
    if phase == .reading { advance() }
    updateInterest()
  }

  func cool() { socket.cool(for: self) }

  private func updateInterest() {
    let hasRoom = parser.bufferedBytes <= service.limits.unansweredBytes
    let reads =
      switch phase {
      case .reading: !peerFinished && !isBlocked && (hasRoom || parser.wantsBody)
      case .handling: !peerFinished && hasRoom
      case .lingering: true
      case .finishing, .closed: false
      }
    guard phase != .closed else { return }
    socket.want(read: reads, write: isBlocked, for: self)
  }

  private func read() {
    guard phase != .lingering else { return discardInput() }
    guard phase != .closed else { return }
    switch socket.receive(into: &shard.readBuffer) {
    case .done(0): peerFinished = true
    case .done(let count): take(count)
    case .wouldBlock: return
    case .failed: close()
    }
  }

  private func take(_ count: Int) {
    let wasIdle = !parser.isMidRequest
    parser.append(shard.readBuffer[..<count])
    guard phase == .reading else { return }
    if wasIdle { return wait(service.limits.headDeadline) }
    if parser.wantsBody, spool == nil { patience.progressed(count, at: shard.now) }
  }

  /// Takes the next steps of the parser until it wants bytes, a responder works, or output waits.
  private func advance() {
    var answered = 0
    while phase == .reading, !isBlocked {
      guard answered < service.limits.pipelineDepth, outbox.count < Outbox.batchBytes else {
        isUnfinished = true
        shard.resumeLater(self)
        break
      }
      switch parser.next() {
      case .needsMore:
        // A client that closed in the middle of a request gets no answer: nothing partial is acted on.
        flush()
        if peerFinished, outbox.isEmpty { close() }
        return
      case .head(let head):
        admit(head)
      case .piece(let piece):
        store(piece)
      case .request(let head, let body):
        answered += 1
        handle(head, body)
      case .rejected(let rejection):
        refuse(.text(rejection.status, rejection.reason), admitted)
      }
    }
    flush()
  }

  private func admit(_ head: RequestHead) {
    keepPace(service.limits.bodyDeadline)
    admitted = head
    switch service.responder.admit(head, visitor.peer) {
    case .refused(let response): return deliver(service.last(response), shard.exchange(head, head.method, visitor))
    case .upTo(let bytes): parser.admitBody(maximumBytes: bytes)
    case .intoFile(let bytes, let folder):
      parser.admitBody(maximumBytes: bytes, inPieces: true)
      spool = BodySpool(folder: folder)
    }
    if head.expectsContinue, parser.bufferedBytes == 0, parser.wantsBody {
      outbox.append(ResponseHead.proceed, [], isLast: false)
    }
  }

  /// The time that the disk takes is not the peer's.
  private func store(_ piece: [UInt8]) {
    guard let spool else { preconditionFailure("pieces are only of a body that goes into a file") }
    patience.progressed(piece.count, at: shard.now)
    let (waiting, start) = (patience, shard.now)
    (phase, patience) = (.handling, .unlimited)
    spool.store(piece) { @Sendable [self, shard] problem in
      shard.submit { @Sendable in
        self.goOn {
          self.patience = waiting.postponed(by: shard.now - start)
          if problem != nil { self.refuse(ServerService.noRoom, self.admitted) }
        }
      }
    }
  }

  private func handle(_ head: RequestHead, _ body: [UInt8]) {
    // RFC 9110 §7.4: what is asked for securely is not given on an unsecured connection, but through a proxy of ours.
    guard !head.isSecureTarget || visitor.isTrusted else { return refuse(ServerService.insecure, head) }
    requests += 1
    admitted = nil
    let exchange = shard.exchange(head, head.method, visitor)
    if head.method == .get || head.method == .head, head.framing == .none,
      let prepared = service.responder.prepared(head, visitor.peer),
      let answer = prepared.answer(to: head, now: time(nil))
    {
      return deliver(answer, exchange)
    }
    (phase, patience) = (.handling, .unlimited)
    let request = Request(head, body: body, spool?.body, peer: visitor.peer, id: exchange.id)
    spool = nil
    let respond = service.responder.respond
    Task(executorPreference: shard) {
      let response = await respond(request)
      self.goOn { self.deliver(Answer(response), exchange) }
    }
  }

  /// The responder or the disk is done, and this is what comes of it.
  private func goOn(_ take: () -> Void) {
    guard phase != .closed else { return }
    shard.woke()
    lastActive = shard.now
    phase = .reading
    take()
    // Whatever lies behind waited for this.
    if phase == .reading { advance() }
    updateInterest()
  }

  // MARK: Writing

  /// The last answer of a connection, to a request that is not processed.
  private func refuse(_ response: Response, _ head: RequestHead? = nil) {
    let refused = RefusedRequest(head, parser.rejected, visitor.peer)
    deliver(service.refusal(response, of: refused), shard.exchange(head, refused.method, visitor))
  }

  private func deliver(_ answer: Answer, _ exchange: Exchange) {
    let keepsAlive =
      exchange.keepsAlive && !answer.closesConnection && !shard.isDraining && service.limits.allowsMore(after: requests)
    let bytes = shard.encoder.complete(answer.head, for: exchange, keepsAlive: keepsAlive, now: time(nil))
    let body = exchange.sendsBody(of: answer.head.status) ? answer.body : []
    let isLast = !keepsAlive || !parser.isMidRequest || body.count > Outbox.copiedBytes
    outbox.append(bytes, body, isLast: isLast)
    phase = keepsAlive ? .reading : .finishing
    service.responder.answered?(exchange.answered(label: answer.label, status: answer.head.status, bytes: body.count))
    if isLast { flush() } else if !isBlocked { wait(service.limits.headDeadline) }
  }

  private func flush() {
    guard !outbox.isEmpty, phase != .closed else { return }
    switch outbox.flush(to: socket) {
    case .done:
      isBlocked = false
      written()
    case .blocked(let bytes):
      if isBlocked {
        patience.progressed(bytes, at: shard.now)
      } else {
        // What the system took until now says nothing about the peer.
        keepPace(service.limits.writeDeadline)
        isBlocked = true
      }
    case .failed: close()
    }
  }

  private func written() {
    switch phase {
    case .finishing: linger()
    case .handling: patience = .unlimited
    case .reading where !parser.wantsBody:
      wait(parser.isMidRequest ? service.limits.headDeadline : service.limits.idleDeadline)
      if shard.isDraining { drain() }
    case .reading, .lingering, .closed: break
    }
  }

  // MARK: Closing

  private func linger() {
    phase = .lingering
    // Nothing more can come: no reset can overtake the answer.
    if peerFinished { return close() }
    socket.shutdownWriting()
    wait(service.limits.lingerDeadline)
  }

  private func discardInput() {
    switch socket.receive(into: &shard.readBuffer) {
    case .done(let count) where count > 0 && lingeredBytes + count <= service.limits.lingerBytes:
      lingeredBytes += count
    case .wouldBlock: break
    case .done, .failed: close()
    }
  }

  /// Closes soon when nothing was asked; otherwise the answer under way becomes the last one.
  func drain() {
    guard isIdle else { return }
    // What is already in the socket's buffer was sent before we said goodbye, so it is still answered.
    wait(.milliseconds(250))
  }

  var isIdle: Bool { phase == .reading && !parser.isMidRequest && outbox.isEmpty }

  func close() {
    guard phase != .closed else { return }
    phase = .closed
    shard.remove(self)
    socket.close()
    service.connectionClosed(visitor)
  }

  // MARK: Deadlines

  private func wait(_ duration: Duration) { patience = .until(shard.now + duration) }

  private func keepPace(_ allowance: Duration) {
    patience = .keeping(Pace(from: shard.now, allowance: allowance, bytesPerSecond: service.limits.bytesPerSecond))
  }

  func isOverdue(at now: ContinuousClock.Instant) -> Bool { patience.isOver(at: now) }

  /// RFC 9110 §15.5.9: a request that began and did not arrive gets 408; silence is closed in silence.
  func handleOverdue() {
    guard phase == .reading, parser.isMidRequest, outbox.isEmpty else { return close() }
    refuse(.text(.requestTimeout, "the request did not arrive in time"), admitted)
    updateInterest()
  }
}
