import Foundation
import GRDB
import Mail

/// A row of an import that may be acted on: its address and words are read, and what it follows is known by name.
struct ImportedReader: Sendable {
  var address: EmailAddress
  var councils: [String]
  var topics: [String]
  var queries: [TopicQuery]
  var consentAt: Date
  var evidence: String

  private static let longestConsent: TimeInterval = 300

  /// - Throws: `SubscriberTable.Problem`.
  init(_ row: SubscriberTable.Row, _ defaults: SubscriberImportOptions, now: Date) throws(SubscriberTable.Problem) {
    do {
      address = try EmailAddress(parsing: row.email)
    } catch {
      throw SubscriberTable.Problem(detail: error.description)
    }
    let namesNone = row.councils.isEmpty && row.topics.isEmpty && row.query == nil
    councils = namesNone ? defaults.councils : row.councils
    topics = namesNone ? defaults.topics : row.topics
    do throws(QueryProblem) {
      queries =
        try row.query.map { text throws(QueryProblem) in [try TopicQuery(parsing: PlainText.normalized(text))] } ?? []
    } catch {
      throw SubscriberTable.Problem(detail: "query: \(error.description)")
    }
    guard !(councils.isEmpty && topics.isEmpty && queries.isEmpty) else {
      throw SubscriberTable.Problem(detail: "It names no council, topic or query to follow")
    }
    // Clocks differ by minutes.
    guard row.consentAt <= now.addingTimeInterval(Self.longestConsent) else {
      throw SubscriberTable.Problem(detail: "The consent is dated in the future")
    }
    consentAt = row.consentAt
    evidence = row.evidence
  }

  /// Whether they were erased after they had consented.
  /// - Parameter departures: what the departure file says.
  func wasErased(_ departures: [String: DepartureFile.Entry], _ keys: KeyRing) -> Bool {
    guard let entry = departures[DepartureFile.pseudonym(of: address.key, keys)] else { return false }
    return entry.kind == .erased && entry.at >= consentAt
  }

  /// What keeps the store from taking it, or what it follows.
  func targets(
    _ keys: KeyRing,
    _ database: Database
  ) throws -> Result<(targets: [FollowTarget], subscriber: Subscriber?), SubscriberTable.Problem> {
    var targets: [FollowTarget] = []
    var problems: [String] = []
    for slug in councils {
      let target = try FollowTarget.find(council: slug, database)
      if let target { targets.append(target) } else { problems.append("There is no council “\(slug.prefix(120))”") }
    }
    for slug in topics {
      let target = try FollowTarget.find(topic: slug, database)
      if let target { targets.append(target) } else { problems.append("There is no topic “\(slug.prefix(120))”") }
    }
    let subscriber = try Subscriber.find(address, database)
    if let problem = try refusal(subscriber, keys, database) { problems.append(problem) }
    guard problems.isEmpty else { return .failure(.init(detail: problems.joined(separator: ". "))) }
    return .success((targets, subscriber))
  }

  private func refusal(_ subscriber: Subscriber?, _ keys: KeyRing, _ database: Database) throws -> String? {
    guard let subscriber else {
      return try Suppression.reason(address, keys, database).map { "Letters to this address are suppressed: \($0)" }
    }
    switch subscriber.state {
    case .active, .pending:
      return try Suppression.reason(address, keys, database).map { "Letters to this address are suppressed: \($0)" }
    case .suppressed:
      return "Letters to this address are suppressed: \(subscriber.suppressedBecause ?? "they came back")"
    case .unsubscribed:
      guard let left = subscriber.unsubscribedAt, left >= consentAt else { return nil }
      return "They have unsubscribed here since they consented"
    }
  }

  /// Active at once: who gave the consent elsewhere is not asked again.
  /// - Returns: who had left before, and is back by this.
  func follow(
    _ found: [FollowTarget],
    _ subscriber: Subscriber?,
    now: Date,
    _ database: Database
  ) throws -> DepartureFile.Person? {
    let subscriber = try subscriber ?? Subscriber.findOrInsert(address, now: now, database)
    let followed =
      subscriber.state == .active ? Set(try FollowTarget.fetch(subscriber: subscriber.id, database).map(\.key)) : []
    var seen = followed
    let all = found + (try queries.map { try FollowTarget.findOrInsert($0, database) })
    let targets = all.filter { seen.insert($0.key).inserted }
    guard !targets.isEmpty else { return nil }
    let consent = try Consent(
      scope: targets.map(\.name).joined(separator: "; "),
      source: "import",
      density: nil,
      evidence: evidence
    ).insert(of: subscriber.id, now: consentAt, database)
    for target in targets { try target.follow(subscriber.id, consent: consent, database) }
    let returning = try ConfirmSubscription.returning(consent, database)
    return try ConfirmSubscription.confirm(consent, now: now, database) == .confirmed ? returning : nil
  }
}
