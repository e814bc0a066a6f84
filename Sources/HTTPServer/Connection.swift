@preconcurrency import Dispatch
import Foundation
import HTTPTypes

/// One accepted socket: bytes in, requests to the handler one after the other, answers out in order.
///
/// Unchecked because every property is touched on the shard's queue only.
final class Connection: @unchecked Sendable {
  private enum Phase: Equatable {
    /// Waiting for, or reading, a request.
    case reading
    /// A handler is at work; what the client sends meanwhile waits.
    case handling
    /// The last answer is being written; then the connection closes in stages.
    case finishing
    /// Our side is shut; waiting for the peer's end so that it sees our answer (RFC 9112 §9.6).
    case lingering
    case closed
  }

  private let socket: ConnectionSocket
  private let peer: Request.Peer
  private let shard: Shard
  private let service: ServerService
  private var parser: RequestParser
  private var phase = Phase.reading
  private var output: [UInt8] = []
  private var written = 0
  private var peerFinished = false
  private var requests = 0
  private var deadline: ContinuousClock.Instant?
  private var lingeredBytes = 0

  init(descriptor: Int32, peer: Request.Peer, shard: Shard, service: ServerService) {
    self.peer = peer
    self.shard = shard
    self.service = service
    parser = RequestParser(limits: service.limits)
    socket = ConnectionSocket(descriptor: descriptor, queue: shard.queue)
  }

  // MARK: The story

  /// Starts reading, or answers `refusal` and closes. Call on the shard's queue.
  func start(refusal: Response?) {
    shard.add(self)
    socket.onReadable { [weak self] in self?.readable() }
    socket.onWritable { [weak self] in self?.flush() }
    if let refusal {
      answer(refusal, to: nil)
    } else {
      wait(service.limits.idleDeadline)
      if shard.isDraining { drain() }
    }
  }

  private func readable() {
    guard phase != .lingering else { return discardInput() }
    switch socket.receive(into: &shard.readBuffer) {
    case .done(0):
      peerFinished = true
      socket.pauseReading()
    case .done(let count):
      let wasIdle = !parser.isMidRequest
      parser.append(shard.readBuffer[..<count])
      if phase == .reading, wasIdle { wait(service.limits.headDeadline) }
      if parser.bufferedBytes > service.limits.readAheadBytes, phase != .reading { socket.pauseReading() }
    case .wouldBlock:
      return
    case .failed:
      return close()
    }
    if phase == .reading { advance() }
  }

  /// Takes the next step of the parser until it wants bytes or a request is being handled.
  private func advance() {
    while phase == .reading {
      switch parser.next() {
      case .needsMore:
        // A client that closed in the middle of a request gets no answer: nothing partial is acted on.
        if peerFinished { close() } else { socket.resumeReading() }
        return
      case .head(let head):
        wait(service.limits.bodyDeadline)
        switch service.admission(head, peer) {
        case .refused(let response): return answer(response, to: nil)
        case .upTo(let bytes): parser.admitBody(maximumBytes: bytes)
        }
        if head.expectsContinue, parser.bufferedBytes == 0, parser.wantsBody { write(ResponseEncoder.proceed) }
      case .request(let head, let body):
        handle(head, body)
      case .rejected(let rejection):
        answer(.text(rejection.status, rejection.reason), to: nil)
      }
    }
  }

  private func handle(_ head: RequestHead, _ body: [UInt8]) {
    phase = .handling
    deadline = nil
    requests += 1
    let request = Request(
      method: head.method,
      path: head.path,
      query: head.query,
      authority: head.authority,
      fields: head.fields,
      body: body,
      peer: peer
    )
    let handler = service.handler
    Task(executorPreference: shard) {
      let response = await handler(request)
      self.answer(response, to: head)
    }
  }

  /// Writes an answer; without a head there was no request that could be read, and the connection closes.
  private func answer(_ response: Response, to head: RequestHead?) {
    guard phase != .closed else { return }
    let keepsAlive =
      head.map(\.keepsAlive) == true && !response.closesConnection && !shard.isDraining
      && requests < service.limits.requestsPerConnection
    let bytes = shard.encoder.encode(
      response,
      isHead: head?.method == .head,
      keepsAlive: keepsAlive,
      isHTTP10: head?.isHTTP10 ?? false,
      now: Int(Date().timeIntervalSince1970)
    )
    phase = keepsAlive ? .reading : .finishing
    wait(keepsAlive ? service.limits.idleDeadline : service.limits.writeDeadline)
    write(bytes)
    if phase == .reading, output.isEmpty { next() }
  }

  /// After an answer left completely: the next pipelined request, or the next read.
  private func next() {
    if parser.isMidRequest { wait(service.limits.headDeadline) }
    advance()
  }

  // MARK: Writing

  private func write(_ bytes: [UInt8]) {
    if output.isEmpty { output = bytes } else { output.append(contentsOf: bytes) }
    flush()
  }

  private func flush() {
    while written < output.count {
      switch socket.send(output, from: written) {
      case .done(let count):
        written += count
      case .wouldBlock:
        // Each time some of it leaves the wait begins anew: a peer that reads is given time.
        wait(service.limits.writeDeadline)
        socket.waitUntilWritable()
        socket.pauseReading()
        return
      case .failed:
        return close()
      }
    }
    let wasBlocked = socket.isWaitingUntilWritable
    output.removeAll(keepingCapacity: output.capacity <= 65_536)
    written = 0
    socket.stopWaitingUntilWritable()
    switch phase {
    case .finishing: linger()
    case .reading:
      wait(parser.isReadingHead ? service.limits.idleDeadline : service.limits.bodyDeadline)
      if shard.isDraining { drain() }
      if wasBlocked { next() }
    case .handling: deadline = nil
    case .lingering, .closed: break
    }
  }

  // MARK: Closing

  private func linger() {
    phase = .lingering
    socket.shutdownWriting()
    if peerFinished { return close() }
    wait(service.limits.lingerDeadline)
    socket.resumeReading()
  }

  private func discardInput() {
    switch socket.receive(into: &shard.readBuffer) {
    case .done(0), .failed: close()
    case .done(let count):
      lingeredBytes += count
      if lingeredBytes > Self.lingerBytes { close() }
    case .wouldBlock: break
    }
  }

  /// A peer that keeps sending after our last word is cut off after this many bytes. It is generous because a
  /// client that is still sending a refused upload otherwise sees a reset in place of the reason.
  private static let lingerBytes = 16 * 1_048_576

  /// Closes at once when nothing was asked; otherwise the answer under way becomes the last one.
  func drain() {
    guard phase == .reading, !parser.isMidRequest, output.isEmpty else { return }
    // What is already in the socket's buffer was sent before we said goodbye, so it is still answered.
    wait(.milliseconds(250))
  }

  func close() {
    guard phase != .closed else { return }
    phase = .closed
    shard.remove(self)
    let service = service
    let peer = peer
    socket.close { service.connectionClosed(peer) }
  }

  // MARK: Deadlines

  private func wait(_ duration: Duration) {
    deadline = ContinuousClock.now + duration
  }

  func isOverdue(at now: ContinuousClock.Instant) -> Bool {
    deadline.map { $0 <= now } ?? false
  }

  /// RFC 9110 §15.5.9: a request that began and did not arrive gets 408; silence is closed in silence.
  func handleOverdue() {
    guard phase == .reading, parser.isMidRequest, output.isEmpty else { return close() }
    answer(.text(.requestTimeout, "the request did not arrive in time"), to: nil)
  }
}
