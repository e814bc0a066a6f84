import Foundation
import GRDB

/// What a subscription follows, found in the store.
struct FollowTarget: Equatable, Sendable {
  var council: Council
  /// Nil follows the whole council.
  var committee: Committee?

  /// The key under which a target is followed at most once.
  var key: String { committee.map { "committee:\($0.id)" } ?? "council:\(council.id)" }

  var name: String { committee.map { "\($0.name), \(council.name)" } ?? council.name }
  var path: String { council.path + (committee.map { "/committees/\($0.slug)" } ?? "") }
  /// As forms send it.
  var reference: String { council.slug + (committee.map { "/\($0.slug)" } ?? "") }
}

extension FollowTarget {
  /// `slug` or `slug/committee-slug`.
  static func find(_ reference: String, _ database: Database) throws -> FollowTarget? {
    let slugs = reference.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard (1...2).contains(slugs.count), let council = try Council.find(slugs[0], database) else { return nil }
    guard slugs.count == 2 else { return FollowTarget(council: council) }
    guard let committee = try Committee.find(slugs[1], of: council.id, database) else { return nil }
    return FollowTarget(council: council, committee: committee)
  }

  /// What a consent was given for.
  static func fetch(consent: Int64, _ database: Database) throws -> [FollowTarget] {
    try fetch(where: "subscription.consent_id = ?", [consent], database)
  }

  /// What a subscriber follows.
  static func fetch(subscriber: Int64, _ database: Database) throws -> [FollowTarget] {
    try fetch(where: "subscription.subscriber_id = ? AND subscription.state = 'active'", [subscriber], database)
  }

  private static func fetch(
    where condition: String,
    _ arguments: StatementArguments,
    _ database: Database
  ) throws -> [FollowTarget] {
    try Row.fetchAll(
      database,
      cached: """
        SELECT \(Council.columns), committee.id AS committee_id, committee.slug AS committee_slug,
          committee.name AS committee_name
        FROM subscription
        JOIN council ON council.id = subscription.council_id
        LEFT JOIN committee ON committee.id = subscription.committee_id
        WHERE \(condition)
        ORDER BY council.name, committee.slug
        """,
      arguments: arguments
    ).map { row in
      let committee = (row["committee_id"] as Int64?).map { id in
        Committee(id: id, slug: row["committee_slug"], name: row["committee_name"])
      }
      return FollowTarget(council: Council(row: row), committee: committee)
    }
  }
}
