import Foundation
import GRDB

/// A public body whose committees meet.
struct Council: Equatable, Sendable {
  var id: Int64
  var slug: String
  var details: CouncilDetails

  var name: String { details.name }
  /// What letters call it where room is short.
  var shortName: String { details.shortName ?? details.name }
  var path: String { "/councils/\(slug)" }

  func timeZone(in site: TimeZone) -> TimeZone { details.timeZone.flatMap(TimeZone.init(identifier:)) ?? site }
}

/// What the operator says about a council.
struct CouncilDetails: Equatable, Sendable {
  var name: String
  var shortName: String?
  var website: String?
  var meetingsURL: String?
  /// An IANA name; the site's zone when there is none.
  var timeZone: String?
}

/// A body of a council that meets.
struct Committee: Equatable, Sendable {
  var id: Int64
  var slug: String
  var name: String
}

extension Council {
  static let columns = """
    council.id, council.slug, council.name, council.short_name, council.website, council.meetings_url, council.time_zone
    """

  init(row: Row) {
    id = row["id"]
    slug = row["slug"]
    details = CouncilDetails(
      name: row["name"],
      shortName: row["short_name"],
      website: row["website"],
      meetingsURL: row["meetings_url"],
      timeZone: row["time_zone"]
    )
  }

  static func find(_ slug: String, _ database: Database) throws -> Council? {
    try Row.fetchOne(database, cached: "SELECT \(columns) FROM council WHERE slug = ?", arguments: [slug])
      .map(Council.init)
  }

  /// - Throws: `Refusal.moved` when another took its place, `Refusal.notFound`.
  static func require(_ slug: String, _ database: Database) throws -> Council {
    if let council = try find(slug, database) { return council }
    if let successor = try ReplacedCouncil.successor(of: slug, database) {
      throw Refusal.moved(from: "/councils/\(slug)", to: successor.path)
    }
    throw Refusal.notFound("There is no council “\(slug)”")
  }

  /// Of that slug, or the one that took its place: for forms that stand on others' pages, and for addresses that people
  /// kept.
  static func findCurrent(_ slug: String, _ database: Database) throws -> Council? {
    try find(slug, database) ?? ReplacedCouncil.successor(of: slug, database)
  }

  static func find(id: Int64, _ database: Database) throws -> Council? {
    try Row.fetchOne(database, cached: "SELECT \(columns) FROM council WHERE id = ?", arguments: [id]).map(Council.init)
  }

  /// In the order of their slugs, after `slug`.
  static func list(after slug: String = "", limit: Int, _ database: Database) throws -> [Council] {
    try Row.fetchAll(
      database,
      cached: "SELECT \(columns) FROM council WHERE slug > ? ORDER BY slug LIMIT ?",
      arguments: [slug, limit]
    ).map(Council.init)
  }
}

extension Committee {
  static func find(_ slug: String, of council: Int64, _ database: Database) throws -> Committee? {
    try Row.fetchOne(
      database,
      cached: "SELECT id, slug, name FROM committee WHERE council_id = ? AND slug = ?",
      arguments: [council, slug]
    ).map(Committee.init)
  }

  /// - Throws: `Refusal.notFound`.
  static func require(_ slug: String, of council: Council, _ database: Database) throws -> Committee {
    guard let committee = try find(slug, of: council.id, database) else {
      throw Refusal.notFound("\(council.name) has no committee “\(slug)”")
    }
    return committee
  }

  /// Those that have met or will meet: a name that was mistyped and corrected is gone.
  static func all(of council: Int64, _ database: Database) throws -> [Committee] {
    try Row.fetchAll(
      database,
      cached: """
        SELECT id, slug, name FROM committee
        WHERE council_id = ? AND EXISTS (SELECT 1 FROM meeting WHERE committee_id = committee.id)
        ORDER BY name
        """,
      arguments: [council]
    ).map(Committee.init)
  }

  /// The committee of that slug, made when there is none; its name becomes `name`.
  static func upsert(_ slug: Slug, name: String, of council: Int64, _ database: Database) throws -> Int64 {
    let id = try Int64.fetchOne(
      database,
      cached: """
        INSERT INTO committee (council_id, slug, name) VALUES (?, ?, ?)
        ON CONFLICT (council_id, slug) DO UPDATE SET name = excluded.name
        RETURNING id
        """,
      arguments: [council, slug.description, name]
    )
    guard let id else { throw StoreProblem.unusable(path: "committee", problem: "no id for \(slug)") }
    return id
  }

  private init(row: Row) {
    id = row["id"]
    slug = row["slug"]
    name = row["name"]
  }
}
