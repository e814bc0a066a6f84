import Foundation
import GRDB
import HTTPServer

/// `PUT /api/v1/councils/{council}`: creates (201) or replaces (200).
struct PutCouncil: Sendable {
  let store: Store
  let cache: PageCache

  func callAsFunction(_ request: Request, _ change: AuditedChange) async throws -> Response {
    let slug = try Slug(segment: request.parameter("council"))
    let details = try CouncilDetails(json: JSONInput(request))
    let now = store.now()
    let (council, outcome) = try await store.write { database in
      let before = try Council.find(slug.description, database)
      let (council, outcome) = try Self.put(slug, details, now: now, database)
      try change.record(outcome, of: "councils/\(slug)", before.map(CouncilItem.init), CouncilItem(council), database)
      return (council, outcome)
    }
    cache.drop()
    return try JSONOutput.response(outcome.status, CouncilItem(council))
  }

  static func put(
    _ slug: Slug,
    _ details: CouncilDetails,
    now: Date,
    _ database: Database
  ) throws -> (council: Council, outcome: PutOutcome) {
    let before = try Council.find(slug.description, database)
    try database.execute(
      sql: """
        INSERT INTO council (slug, name, short_name, website, meetings_url, time_zone, created_at, updated_at)
        VALUES (:slug, :name, :short, :website, :meetings, :zone, :now, :now)
        ON CONFLICT (slug) DO UPDATE SET
          name = excluded.name, short_name = excluded.short_name, website = excluded.website,
          meetings_url = excluded.meetings_url, time_zone = excluded.time_zone, updated_at = excluded.updated_at
        """,
      arguments: [
        "slug": slug.description, "name": details.name, "short": details.shortName, "website": details.website,
        "meetings": details.meetingsURL, "zone": details.timeZone, "now": now.milliseconds,
      ]
    )
    let council = try Council.require(slug.description, database)
    return (council, PutOutcome(before, council))
  }
}

extension CouncilDetails {
  init(json: JSONInput) throws {
    var input = json
    name = input.string("name", required: true, maximum: 200) ?? ""
    shortName = input.string("short_name", maximum: 80)
    website = input.link("website")
    meetingsURL = input.link("meetings_url")
    timeZone = input.string("time_zone", maximum: 60)
    if let timeZone, TimeZone(identifier: timeZone) == nil {
      input.refuse("time_zone", "Expected an IANA time zone like Europe/London")
    }
    input.ignore("slug")
    try input.finish()
  }
}

/// A council as the API shows it.
struct CouncilItem: Encodable {
  var slug: String
  var name: String
  var shortName: String?
  var website: String?
  var meetingsUrl: String?
  var timeZone: String?

  init(_ council: Council) {
    slug = council.slug
    name = council.details.name
    shortName = council.details.shortName
    website = council.details.website
    meetingsUrl = council.details.meetingsURL
    timeZone = council.details.timeZone
  }
}
