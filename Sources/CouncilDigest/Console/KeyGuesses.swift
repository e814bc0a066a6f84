import Foundation
import Synchronization

/// How many wrong keys a network may try at the console's door in an hour. In memory: keys that are made here can't be
/// guessed, and this is for the one of the configuration, which a person may have chosen.
final class KeyGuesses: Sendable {
  private let wrong = Mutex<[String: [Date]]>([:])

  static let perHour = 10
  private static let hour: TimeInterval = 3_600
  private static let maximumNetworks = 10_000

  func mayTry(_ network: ClientNetwork, at now: Date) -> Bool {
    wrong.withLock { Self.recent($0[network.text], at: now).count < Self.perHour }
  }

  func wasWrong(_ network: ClientNetwork, at now: Date) {
    wrong.withLock { wrong in
      if wrong.count >= Self.maximumNetworks { wrong = wrong.filter { !Self.recent($0.value, at: now).isEmpty } }
      // Whoever has so many networks would fill the memory, and gains nothing by being forgotten.
      if wrong.count >= Self.maximumNetworks { wrong = [:] }
      wrong[network.text] = Self.recent(wrong[network.text], at: now) + [now]
    }
  }

  private static func recent(_ times: [Date]?, at now: Date) -> [Date] {
    // One in the future was noted before the clock was set back.
    (times ?? []).filter { (0..<hour).contains(now.timeIntervalSince($0)) }
  }
}
