import Foundation

/// The connections of a shard that are busy, as `poll(2)` wants them: one call asks for all of them, for the shard's
/// wake-up and for its cold connections.
struct HotSet {
  static let wakeupPlace = 0
  static let coldPlace = 1
  static let firstPlace = 2

  private(set) var connections: [Connection?] = [nil, nil]
  private var polled: [pollfd]

  init(wakeup: Int32, cold: Int32) {
    polled = [wakeup, cold].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
  }

  /// Of the connections.
  var count: Int { connections.count - Self.firstPlace }

  /// The places of the connections, from the end, because one that goes away is replaced by the last.
  var places: ReversedCollection<Range<Int>> { (Self.firstPlace..<connections.count).reversed() }

  mutating func insert(_ connection: Connection, descriptor: Int32, events: Int16) -> Int {
    connections.append(connection)
    polled.append(pollfd(fd: descriptor, events: events, revents: 0))
    return connections.count - 1
  }

  mutating func change(_ place: Int, events: Int16) { polled[place].events = events }

  /// The last connection takes the place that becomes free.
  mutating func remove(_ place: Int) {
    let last = connections.count - 1
    if place != last {
      connections[place] = connections[last]
      polled[place] = polled[last]
      connections[place]?.socket.moved(to: place)
    }
    connections.removeLast()
    polled.removeLast()
  }

  /// Waits until something happens on one of them, `milliseconds` at most.
  /// - Returns: how many have something; 0 also when interrupted.
  mutating func poll(milliseconds: Int32) -> Int {
    let result = polled.withUnsafeMutableBufferPointer { buffer in
      Foundation.poll(buffer.baseAddress, nfds_t(buffer.count), milliseconds)
    }
    guard result > 0 else {
      for index in polled.indices { polled[index].revents = 0 }
      return 0
    }
    return Int(result)
  }

  /// What happened at a place, asked once.
  mutating func takeEvents(_ place: Int) -> Int16 {
    defer { polled[place].revents = 0 }
    return polled[place].revents
  }
}
