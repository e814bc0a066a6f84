import Foundation
import Mail

/// The letters that workers take from, and what is known of those that are with them. Only in memory: a process that
/// dies leaves every letter free.
struct WaitingLetters {
  private var urgent: [OutgoingMail] = []
  private var digests = LetterSearch.Batch()
  /// Found ahead, for when `digests` are used up.
  private var following = LetterSearch.Batch()
  private var hasLookedAhead = false
  /// With workers, or on the way into the store; by number of the letter.
  private var held: [Int64: LetterSearch.Claim] = [:]
  /// A plan is about to replace what waits for them.
  private var readersInDecision: Set<Int64> = []
  private var troubles: [Int64: Trouble] = [:]
  private var isComposing = false
  private var mayHaveUrgent = true
  private var lookedForUrgent = ContinuousClock.now

  /// A letter that a worker holds.
  struct Taken {
    var mail: OutgoingMail
    /// What is known of it since it was found; nil must be looked up.
    var isWanted: Bool?
    /// When it was composed already.
    var envelope: Envelope?
  }

  /// A letter that was lost with its connection. It may be the letter: the relay, or the host behind it, does not bear
  /// it, and others must not wait for that.
  private struct Trouble {
    var times = 0
    var until = Date.distantPast

    mutating func happened(at now: Date) {
      times += 1
      let pause = times == 1 ? 10 : 60 * TimeInterval(1 << min(times - 2, 6))
      until = now.addingTimeInterval(min(3_600, pause))
    }

    /// A clock that was set back makes nobody wait.
    func isPutOff(at now: Date) -> Bool { now < until && until.timeIntervalSince(now) <= 3_600 }
  }

  private static let urgentLookInterval: Duration = .seconds(1)
  private static let maximumTroubles = 1_000
  private static let fewLeft = 48

  var shouldLookForUrgent: Bool {
    urgent.isEmpty
      && (mayHaveUrgent || digests.letters.isEmpty || ContinuousClock.now - lookedForUrgent > Self.urgentLookInterval)
  }

  var isEmpty: Bool { urgent.isEmpty && digests.letters.isEmpty }

  func exclusions(now: Date) -> LetterSearch.Exclusions {
    var claims = held
    for found in digests.letters { claims[found.mail.id] = .init(found.mail) }
    for found in following.letters { claims[found.mail.id] = .init(found.mail) }
    return .init(
      claims: claims,
      putOff: Set(troubles.lazy.filter { $0.value.isPutOff(at: now) }.map(\.key)),
      readersInDecision: readersInDecision
    )
  }

  // MARK: What was found

  /// There may be a new letter that somebody waits for.
  mutating func look() { mayHaveUrgent = true }

  mutating func found(urgent letters: [OutgoingMail], isMore: Bool) {
    urgent = letters.reversed()
    mayHaveUrgent = isMore
    lookedForUrgent = .now
  }

  mutating func found(digests batch: LetterSearch.Batch) {
    if digests.letters.isEmpty {
      begin(batch)
    } else {
      following = batch
    }
  }

  /// What was found of a run is not so any more.
  mutating func forgetDigests() {
    begin(.init())
    following = .init()
  }

  private mutating func begin(_ batch: LetterSearch.Batch) {
    digests = batch
    hasLookedAhead = false
  }

  // MARK: Looking ahead

  /// Few are left and none follow: who looks for more now saves all from waiting for them.
  var shouldLookAhead: Bool {
    !hasLookedAhead && following.letters.isEmpty && (1...Self.fewLeft).contains(digests.letters.count)
  }

  /// Once for what is left.
  mutating func startLookingAhead(now: Date) -> LetterSearch.Exclusions? {
    guard shouldLookAhead else { return nil }
    hasLookedAhead = true
    return exclusions(now: now)
  }

  // MARK: Taking

  /// - Parameter version: of the store.
  mutating func take(_ includingDigests: Bool, now: Date, version: Int) -> Taken? {
    if let mail = urgent.popLast() {
      held[mail.id] = .init(mail)
      return Taken(mail: mail)
    }
    guard includingDigests else { return nil }
    if digests.closes.map({ now >= $0 }) ?? false { forgetDigests() }
    while let found = digests.letters.popLast() {
      let isWanted = digests.version == version ? found.isWanted : nil
      if digests.letters.isEmpty {
        begin(following)
        following = .init()
      }
      guard isFree(found) else { continue }
      held[found.mail.id] = .init(found.mail)
      return Taken(mail: found.mail, isWanted: isWanted, envelope: found.envelope)
    }
    return nil
  }

  mutating func letGo(of mail: OutgoingMail) { held[mail.id] = nil }

  private func isFree(_ found: LetterSearch.Found) -> Bool {
    found.mail.subscriberID.map { !readersInDecision.contains($0) } ?? true
  }

  // MARK: Composing ahead

  /// The next letters of the edition that `mail` is of; none while another worker is at it.
  mutating func startComposing(after mail: OutgoingMail, limit: Int) -> [OutgoingMail] {
    guard !isComposing else { return [] }
    let next = digests.letters.suffix(limit).reversed()
      .prefix { $0.mail.editionID == mail.editionID && $0.envelope == nil }
    isComposing = !next.isEmpty
    return next.map(\.mail)
  }

  /// Those that were taken meanwhile, or are different now, are left alone.
  mutating func composed(_ letters: [(mail: OutgoingMail, envelope: Envelope?)]) {
    isComposing = false
    var letters = letters[...]
    for place in digests.letters.indices.reversed() {
      let mail = digests.letters[place].mail
      while let first = letters.first, first.mail != mail { letters.removeFirst() }
      guard let first = letters.popFirst() else { return }
      digests.letters[place].envelope = first.envelope
    }
  }

  // MARK: Trouble and decisions

  mutating func wasInterrupted(_ mail: OutgoingMail, at now: Date) {
    // Of letters that ended otherwise, say.
    if troubles.count > Self.maximumTroubles { troubles = [:] }
    troubles[mail.id, default: Trouble()].happened(at: now)
  }

  mutating func wasNotInterrupted(_ mail: OutgoingMail) { troubles[mail.id] = nil }

  mutating func decide(about readers: Set<Int64>) -> Set<Int64> {
    readersInDecision.formUnion(readers)
    return Set(held.values.lazy.filter { $0.run != nil }.compactMap(\.subscriber)).intersection(readers)
  }

  mutating func decided(about readers: Set<Int64>) { readersInDecision.subtract(readers) }
}
