import Foundation
import GRDB

/// Makes what a subscriber follows exactly a list, and sets how much of it they read.
enum SavePreferences {
  static let maximumTargets = 1_000
  static let maximumQueries = 20

  static func save(
    _ targets: [FollowTarget],
    density: Subscriber.Density,
    for subscriber: Int64,
    now: Date,
    _ database: Database
  ) throws {
    let wanted = Set(targets.map(\.key))
    let followed = try FollowTarget.fetch(subscriber: subscriber, database)
    for target in followed where !wanted.contains(target.key) {
      try Consent.withdraw(target, of: subscriber, .preferencesPage, now: now, database)
    }
    let known = Set(followed.map(\.key))
    let added = targets.filter { !known.contains($0.key) }
    if !added.isEmpty {
      // Whoever holds the link reads the letters of the address, so there is nothing to confirm.
      let consent = try Consent(
        scope: added.map(\.name).joined(separator: "; "),
        source: "preferences page",
        density: density
      ).insert(of: subscriber, now: now, confirmedAt: now, database)
      for target in added { try target.follow(subscriber, consent: consent, startedAt: now, database) }
    }
    try database.execute(
      sql: "UPDATE subscriber SET density = ? WHERE id = ?",
      arguments: [density.rawValue, subscriber]
    )
  }

  /// One that is followed already may have become longer than anybody may write: its council has a longer name now.
  /// - Throws: `QueryProblem`.
  private static func query(_ text: String, _ database: Database) throws -> TopicQuery {
    let isFollowed = try Bool.fetchOne(
      database,
      cached: "SELECT EXISTS (SELECT 1 FROM topic_query WHERE text = ?)",
      arguments: [text]
    )
    return try isFollowed == true ? TopicQuery(printed: text) : TopicQuery(parsing: text)
  }

  /// Reads `council:slug`, `council:slug/committee`, `topic:slug` and `query:words`.
  /// - Throws: `Refusal.invalid` naming what is not to be followed.
  static func targets(_ references: [String], _ database: Database) throws -> [FollowTarget] {
    var problems: [FieldProblem] = []
    var targets: [FollowTarget] = []
    var queries: [TopicQuery] = []
    for reference in references.prefix(maximumTargets + 1) {
      let parts = reference.split(separator: ":", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        problems.append(FieldProblem("follow", "“\(reference.prefix(120))” is nothing that can be followed"))
        continue
      }
      switch parts[0] {
      case "query":
        do {
          let query = try query(PlainText.normalized(parts[1]), database)
          if !queries.contains(query) { queries.append(query) }
        } catch let problem as QueryProblem {
          problems.append(FieldProblem("query", problem.description))
        }
      case "council", "topic":
        let isTopic = parts[0] == "topic"
        let target =
          isTopic
          ? try FollowTarget.find(topic: parts[1], database) : try FollowTarget.find(council: parts[1], database)
        if let target {
          if !targets.contains(where: { $0.key == target.key }) { targets.append(target) }
        } else {
          problems.append(FieldProblem("follow", "There is no \(parts[0]) “\(parts[1].prefix(120))”"))
        }
      default: problems.append(FieldProblem("follow", "“\(reference.prefix(120))” is nothing that can be followed"))
      }
    }
    if targets.count + queries.count > maximumTargets || references.count > maximumTargets {
      problems.append(FieldProblem("follow", "Choose at most \(maximumTargets) things"))
    }
    if queries.count > maximumQueries {
      problems.append(FieldProblem("query", "Follow at most \(maximumQueries) queries"))
    }
    if problems.isEmpty, targets.isEmpty, queries.isEmpty {
      problems.append(FieldProblem("follow", "Choose at least one thing to follow, or unsubscribe below"))
    }
    guard problems.isEmpty else { throw Refusal.invalid(problems) }
    for query in queries {
      let target = try FollowTarget.findOrInsert(query, database)
      if !targets.contains(target) { targets.append(target) }
    }
    return targets
  }
}
