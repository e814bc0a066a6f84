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

  /// What a consent was given for, or what a subscriber follows now.
  static func fetch(
    consent: Int64? = nil,
    subscriber: Int64? = nil,
    state: String? = nil,
    _ database: Database
  ) throws -> [FollowTarget] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT \(Council.columns), committee.slug AS committee_slug FROM (
          SELECT council_id, committee_id FROM subscription
          WHERE (:consent IS NULL OR consent_id = :consent) AND (:subscriber IS NULL OR subscriber_id = :subscriber)
            AND (:state IS NULL OR state = :state)
        ) AS followed
        JOIN (SELECT id, slug, name, short_name, website, meetings_url, time_zone FROM council) AS council
          ON council.id = followed.council_id
        LEFT JOIN (SELECT id, slug FROM committee) AS committee ON committee.id = followed.committee_id
        ORDER BY name, committee_slug
        """,
      arguments: ["consent": consent, "subscriber": subscriber, "state": state]
    )
    return try rows.map { row in
      let council = Council(row: row)
      let committee = try (row["committee_slug"] as String?).flatMap {
        try Committee.find($0, of: council.id, database)
      }
      return FollowTarget(council: council, committee: committee)
    }
  }
}
