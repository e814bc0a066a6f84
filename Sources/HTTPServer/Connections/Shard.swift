@preconcurrency import Dispatch
import Foundation
import HTTPTypes

/// One serial queue and the connections it owns. It is also the executor their handlers prefer, so a request that
/// needs no other thread is parsed, answered and written on one.
///
/// While connections are hot the shard goes round and round: poll them all, serve those that have something, let the
/// queue's other work in between. When all have cooled it sleeps, and Dispatch wakes it.
///
/// Unchecked because everything mutable here is touched on `queue` only.
final class Shard: TaskExecutor, @unchecked Sendable {
  let queue: DispatchQueue
  var hot: HotSet
  let cold: ColdSet
  var encoder = ResponseEncoder()
  var requestIDs = RequestIDSequence()
  var readBuffer = [UInt8](repeating: 0, count: 65_536)
  /// The time of the event that is being handled.
  private(set) var now = ContinuousClock.now
  private(set) var isDraining = false

  private let timer: any DispatchSourceTimer
  private let wakeup: Wakeup
  private var connections: [ObjectIdentifier: Connection] = [:]
  /// Those with requests that lie read but unanswered, so that others get their turn.
  private var unfinished: [Connection] = []
  private var isGoingRound = false
  private var lastCooling = ContinuousClock.now

  /// How long a round waits when nothing happens. Dispatch's own events for this queue wait as long at most.
  private static let roundMilliseconds: Int32 = 1
  private static let roundsAtATime = 8
  private static let coolingTime: Duration = .milliseconds(5)
  private static let maximumHot = 1_024
  private static let coldAtATime = 256

  init(number: Int) throws(SystemCallError) {
    queue = DispatchQueue(label: "http.shard.\(number)")
    wakeup = try Wakeup()
    cold = try ColdSet(queue: queue)
    hot = HotSet(wakeup: wakeup.readEnd, cold: cold.descriptor)
    timer = DispatchSource.makeTimerSource(queue: queue)
    timer.schedule(deadline: .now() + .milliseconds(100), repeating: .milliseconds(100), leeway: .milliseconds(20))
    timer.setEventHandler { @Sendable [weak self] in self?.closeOverdueConnections() }
    timer.resume()
    cold.watch { @Sendable [weak self] in self?.serveCold() }
  }

  /// Runs `work` on the queue, soon even when the shard is waiting in a round.
  func submit(_ work: @escaping @Sendable () -> Void) {
    wakeup.announce()
    queue.async { @Sendable [self] in
      wakeup.began()
      work()
    }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    submit { @Sendable in job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }

  /// A trusted proxy has named the request already.
  func exchange(_ head: RequestHead?, _ method: HTTPRequest.Method?, _ visitor: Visitor) -> Exchange {
    let given = visitor.isTrusted ? head?.section.first("x-request-id") : nil
    let id = given.flatMap(RequestID.init(givenByProxy:)) ?? requestIDs.next()
    return Exchange(id: id, head: head, method: method, start: now)
  }

  // MARK: Rounds

  func beginRounds() {
    guard !isGoingRound else { return }
    isGoingRound = true
    queue.async { @Sendable [self] in goRound() }
  }

  /// Several rounds at a time, unless the queue has other work: then it gets in between, as do timers and cold connections.
  private func goRound() {
    for _ in 0..<Self.roundsAtATime {
      let isBusy = serve()
      continueUnfinished()
      coolTheQuiet()
      guard hot.count > 0 || !unfinished.isEmpty else {
        isGoingRound = false
        return
      }
      guard isBusy, !wakeup.isAnnounced else { break }
    }
    queue.async { @Sendable [self] in goRound() }
  }

  /// - Returns: whether there was anything to do.
  private func serve() -> Bool {
    let waits = unfinished.isEmpty && wakeup.mayWait()
    var left = hot.poll(milliseconds: waits ? Self.roundMilliseconds : 0)
    if waits { wakeup.waited() }
    now = .now
    guard left > 0 else { return false }
    if hot.takeEvents(HotSet.wakeupPlace) != 0 {
      wakeup.drain()
      left -= 1
    }
    let hasCold = hot.takeEvents(HotSet.coldPlace) != 0
    if hasCold { left -= 1 }
    for place in hot.places where left > 0 && place < hot.connections.count {
      guard let connection = hot.connections[place] else { continue }
      let events = Int32(hot.takeEvents(place))
      guard events != 0 else { continue }
      left -= 1
      let failed = events & (POLLERR | POLLHUP | POLLNVAL) != 0
      connection.serve(readable: failed || events & POLLIN != 0, writable: events & POLLOUT != 0)
    }
    // Last, because they become hot.
    if hasCold { serveCold() }
    return true
  }

  /// The connection has more requests in hand than one turn answers.
  func resumeLater(_ connection: Connection) {
    unfinished.append(connection)
    beginRounds()
  }

  private func continueUnfinished() {
    let connections = unfinished
    unfinished = []
    for connection in connections { connection.resume() }
  }

  private func coolTheQuiet() {
    let isCrowded = hot.count > Self.maximumHot
    guard isCrowded || now - lastCooling > Self.coolingTime else { return }
    lastCooling = now
    for place in hot.places where place < hot.connections.count {
      guard let connection = hot.connections[place],
        place > Self.maximumHot || now - connection.lastActive > Self.coolingTime
      else { continue }
      connection.cool()
    }
  }

  /// Connections that were quiet have something. As many at a time as leave the queue's other work its turn.
  private func serveCold() {
    woke()
    for _ in 0..<Self.coldAtATime {
      guard let (connection, readable, writable) = cold.next() else { return }
      connection.serve(readable: readable, writable: writable)
    }
  }

  /// An event came from outside a round.
  func woke() { now = .now }

  // MARK: Who is here

  func add(_ connection: Connection) {
    connections[ObjectIdentifier(connection)] = connection
  }

  func remove(_ connection: Connection) {
    connections[ObjectIdentifier(connection)] = nil
  }

  /// Closes the sixteenth of the idle connections that idle longest, to make room.
  func closeLongestIdle() {
    let settled = ContinuousClock.now - .seconds(1)
    let idle = connections.values.filter { $0.isIdle && $0.lastActive < settled }.sorted {
      $0.lastActive < $1.lastActive
    }
    for connection in idle.prefix((idle.count + 15) / 16) { connection.close() }
  }

  /// Asks every connection to finish what it has and close. Call on `queue`.
  func beginDrain() {
    isDraining = true
    woke()
    for connection in connections.values { connection.drain() }
  }

  /// Drops what did not finish in time. Call on `queue`.
  func closeAll() {
    for connection in connections.values { connection.close() }
  }

  func stop() {
    timer.cancel()
  }

  private func closeOverdueConnections() {
    guard !connections.isEmpty else { return }
    woke()
    for connection in connections.values where connection.isOverdue(at: now) {
      connection.handleOverdue()
    }
  }
}
