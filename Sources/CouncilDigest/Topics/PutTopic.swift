import Foundation
import GRDB
import HTTPServer

/// `PUT /api/v1/topics/{topic}`: creates (201) or replaces (200), and finds the meetings that have it.
struct PutTopic: Sendable {
  let store: Store
  let cache: PageCache
  let catchUp: CatchUpTopics

  /// `/topics/request` is the form.
  private static let reservedSlug = "request"

  func callAsFunction(_ request: Request, _ change: AuditedChange) async throws -> Response {
    let slug = try Slug(segment: request.parameter("topic"))
    var json = try JSONInput(request)
    json.confirm("slug", is: slug.description, by: "The address")
    let input = try TopicInput(json: json)
    let now = store.now()
    let (topic, outcome) = try await store.write { database in
      let before = try Topic.find(slug.description, database)
      let (topic, outcome) = try Self.put(slug, input, now: now, database)
      try change.record(outcome, of: "topics/\(slug)", before.map(TopicItem.init), TopicItem(topic), database)
      return (topic, outcome)
    }
    // Transcripts matter to digests alone, and are looked at when one is planned.
    try await catchUp.summaries()
    cache.drop()
    return try JSONOutput.response(outcome.status, TopicItem(topic))
  }

  static func put(
    _ slug: Slug,
    _ input: TopicInput,
    now: Date,
    _ database: Database
  ) throws -> (topic: Topic, outcome: PutOutcome) {
    try requireFree(slug, pointer: "slug")
    let before = try Topic.find(slug.description, database)
    if before == nil, try Topic.count(database) >= Topic.maximumCount {
      throw Refusal.conflict("There are \(Topic.maximumCount) topics, which is the most there can be")
    }
    try database.execute(
      sql: """
        INSERT INTO topic (slug, name, description, query, created_at, updated_at)
        VALUES (:slug, :name, :description, :query, :now, :now)
        ON CONFLICT (slug) DO UPDATE SET
          name = excluded.name, description = excluded.description, query = excluded.query,
          updated_at = excluded.updated_at
        WHERE (name, description, query) IS NOT (excluded.name, excluded.description, excluded.query)
        """,
      arguments: [
        "slug": slug.description, "name": input.name, "description": input.description,
        "query": try input.queryText(database), "now": now.milliseconds,
      ]
    )
    let topic = try Topic.require(slug.description, database)
    // What is written otherwise and means the same matches the same.
    let meant = try before.map { try TopicQuery(printed: $0.query) }
    if try meant != TopicQuery(printed: topic.query) { try MatchTopics.restart(topic.id, now: now, database) }
    return (topic, PutOutcome(before, topic))
  }

  /// - Throws: `Refusal` that points at the slug.
  static func requireFree(_ slug: Slug, pointer: String) throws {
    guard slug.description == reservedSlug else { return }
    throw Refusal.invalid([FieldProblem(pointer, "“\(reservedSlug)” is taken by the topic request form")])
  }
}

extension Topic {
  /// Each is matched against every text that arrives.
  static let maximumCount = 1_000

  static func count(_ database: Database) throws -> Int {
    try Int.fetchOne(database, cached: "SELECT count(*) FROM topic", arguments: []) ?? 0
  }
}

/// A topic as it was PUT.
struct TopicInput: Equatable, Sendable {
  var name: String
  var description: String
  var query: TopicQuery
  /// The query as the operator wrote it; nil is as it prints.
  var written: String?

  /// As it is stored: in the operator's own words, unless it is about councils that are others now.
  func queryText(_ database: Database) throws -> String {
    let current = try query.ofCurrentCouncils(database)
    return current == query ? written ?? query.description : current.description
  }
}

extension TopicInput {
  init(json: JSONInput) throws {
    var input = json
    name = input.string("name", required: true, maximum: 120) ?? ""
    description = input.string("description", maximum: 2_000, isMultiline: true) ?? ""
    let text = input.string("query", required: true, maximum: 4 * TopicQuery.maximumCharacters)
    var query: TopicQuery?
    if let text {
      do {
        query = try TopicQuery(parsing: text)
      } catch {
        input.refuse("query", error.description)
      }
    }
    try input.finish()
    guard let query else { throw Refusal.invalid([FieldProblem("/query", "Required")]) }
    self.query = query
    written = text
  }
}

/// A topic as the API shows it.
struct TopicItem: Encodable, Sendable {
  var slug: String
  var name: String
  var description: String
  var query: String

  init(_ topic: Topic) {
    slug = topic.slug
    name = topic.name
    description = topic.description
    query = topic.query
  }
}
