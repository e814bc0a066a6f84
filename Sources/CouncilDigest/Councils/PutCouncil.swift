import Foundation
import GRDB
import HTTPServer

/// A council as it is PUT.
struct CouncilInput: Equatable, Sendable {
  var details: CouncilDetails
  /// Councils that it takes the place of: merged into it, or its own earlier names.
  var replaces: [Slug] = []
}

/// `PUT /api/v1/councils/{council}`: creates (201) or replaces (200). Councils it `replaces` are merged into it: their
/// meetings, their followers and their addresses become its own.
struct PutCouncil: Sendable {
  let store: Store
  let cache: PageCache
  /// Merges councils into another, and says whether there was anything to do.
  let replace: @Sendable ([Slug], Council, AuditedChange, Database) throws -> Bool
  /// What meetings are about may have changed.
  let replaced: @Sendable () async throws -> Void

  func callAsFunction(_ request: Request, _ change: AuditedChange) async throws -> Response {
    let slug = try Slug(segment: request.parameter("council"))
    var json = try JSONInput(request)
    json.confirm("slug", is: slug.description, by: "The address")
    let input = try CouncilInput(json: json)
    let now = store.now()
    let (item, outcome, hasReplaced) = try await store.write { database in
      let before = try Council.find(slug.description, database).map { try CouncilItem($0, database) }
      let (council, outcome) = try Self.put(slug, input, now: now, database)
      let hasReplaced = try !input.replaces.isEmpty && replace(input.replaces, council, change, database)
      let item = try CouncilItem(council, database)
      let whole = hasReplaced && outcome == .unchanged ? .replaced : outcome
      try change.record(whole, of: "councils/\(slug)", before, item, database)
      return (item, whole, hasReplaced)
    }
    if hasReplaced { try await replaced() }
    cache.drop()
    return try JSONOutput.response(outcome.status, item)
  }

  /// Creates or replaces it, and leaves those it replaces alone.
  /// - Throws: `Refusal.moved` when another took its place.
  static func put(
    _ slug: Slug,
    _ input: CouncilInput,
    now: Date,
    _ database: Database
  ) throws -> (council: Council, outcome: PutOutcome) {
    if let successor = try ReplacedCouncil.successor(of: slug.description, database) {
      // It gets its name back only from the one that has taken it.
      guard input.replaces.contains(where: { $0.description == successor.slug }) else {
        throw Refusal.moved(from: "/councils/\(slug)", to: successor.path)
      }
      try ReplacedCouncil.forget(slug.description, database)
    }
    return try put(slug, input.details, now: now, database)
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

extension CouncilInput {
  init(json: JSONInput) throws {
    var input = json
    replaces = input.slugs("replaces", maximum: Self.maximumReplaced)
    details = CouncilDetails(&input)
    try input.finish()
  }

  private static let maximumReplaced = 100
}

extension CouncilDetails {
  fileprivate init(_ input: inout JSONInput) {
    name = input.string("name", required: true, maximum: 200) ?? ""
    shortName = input.string("short_name", maximum: 80)
    website = input.link("website")
    meetingsURL = input.link("meetings_url")
    timeZone = input.string("time_zone", maximum: 60)
    if let timeZone, TimeZone(identifier: timeZone) == nil {
      input.refuse("time_zone", "Expected an IANA time zone like Europe/London")
    }
  }
}

/// A council as the API shows it.
struct CouncilItem: Encodable, Sendable {
  var slug: String
  var name: String
  var shortName: String?
  var website: String?
  var meetingsUrl: String?
  var timeZone: String?
  /// The slugs that lead to it.
  var replaces: [String]

  init(_ council: Council, _ database: Database) throws {
    replaces = try ReplacedCouncil.slugs(leadingTo: council.id, database)
    slug = council.slug
    name = council.details.name
    shortName = council.details.shortName
    website = council.details.website
    meetingsUrl = council.details.meetingsURL
    timeZone = council.details.timeZone
  }
}
