import Foundation
import GRDB

/// What a subscription follows, found in the store.
enum FollowTarget: Equatable, Sendable {
  case council(Council)
  case committee(Committee, Council)
  case topic(Topic)
  case query(OwnQuery)

  /// A person's own query, as it is stored.
  struct OwnQuery: Equatable, Sendable {
    var id: Int64
    var text: String
  }

  /// The key under which a target is followed at most once.
  var key: String {
    switch self {
    case .council(let council): "council:\(council.id)"
    case .committee(let committee, _): "committee:\(committee.id)"
    case .topic(let topic): "topic:\(topic.id)"
    case .query(let query): "query:\(query.id)"
    }
  }

  /// As its follower reads it.
  var name: String {
    switch self {
    case .council(let council): council.name
    case .committee(let committee, let council): "\(committee.name), \(council.name)"
    case .topic(let topic): "the topic \(topic.name)"
    case .query(let query): "your own query \(TopicQuery.quoted(query.text))"
    }
  }

  /// For a letter to an address that has not answered yet: nothing that was typed into the form.
  var nameWithoutWords: String {
    switch self {
    case .council, .committee, .topic: name
    case .query: "a query in your own words"
    }
  }

  /// The page about it; an own query has none that could be named to an address that has not answered yet.
  var path: String? {
    switch self {
    case .council(let council): council.path
    case .committee(let committee, let council): "\(council.path)/committees/\(committee.slug)"
    case .topic(let topic): topic.path
    case .query: nil
    }
  }

  /// The field of a form that names it, and its value there.
  var field: (name: String, value: String) {
    switch self {
    case .council(let council): ("council", council.slug)
    case .committee(let committee, let council): ("council", "\(council.slug)/\(committee.slug)")
    case .topic(let topic): ("topic", topic.slug)
    case .query(let query): ("query", query.text)
    }
  }
}

extension FollowTarget {
  /// As the preferences page sends it: `council:slug`, `council:slug/committee-slug`, `topic:slug` or `query:words`.
  var reference: String { "\(field.name):\(field.value)" }

  /// A council as `slug`, or one committee of it as `slug/committee-slug`.
  static func find(council reference: String, _ database: Database) throws -> FollowTarget? {
    let slugs = reference.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard (1...2).contains(slugs.count), let council = try Council.findCurrent(slugs[0], database) else { return nil }
    guard slugs.count == 2 else { return .council(council) }
    return try Committee.find(slugs[1], of: council.id, database).map { .committee($0, council) }
  }

  static func find(topic slug: String, _ database: Database) throws -> FollowTarget? {
    try Topic.find(slug, database).map(FollowTarget.topic)
  }

  /// The query, stored when it is new.
  static func findOrInsert(_ query: TopicQuery, _ database: Database) throws -> FollowTarget {
    let text = try query.ofCurrentCouncils(database).description
    try database.execute(
      cached: "INSERT INTO topic_query (text) VALUES (?) ON CONFLICT DO NOTHING",
      arguments: [text]
    )
    let id = try Int64.fetchOne(database, cached: "SELECT id FROM topic_query WHERE text = ?", arguments: [text])
    guard let id else { throw StoreProblem.unusable(path: "topic_query", problem: "a query just written is not there") }
    return .query(OwnQuery(id: id, text: text))
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
          committee.name AS committee_name, subscription.topic_id, topic.slug AS topic_slug, topic.name AS topic_name,
          topic.description AS topic_description, topic.query AS topic_query, topic_query.id AS query_id,
          topic_query.text AS query_text
        FROM subscription
        LEFT JOIN council ON council.id = subscription.council_id
        LEFT JOIN committee ON committee.id = subscription.committee_id
        LEFT JOIN topic ON topic.id = subscription.topic_id
        LEFT JOIN topic_query ON topic_query.id = subscription.topic_query_id
        WHERE \(condition)
        ORDER BY council.name IS NULL, council.name, committee.slug, topic.name IS NULL, topic.name, topic_query.text
        """,
      arguments: arguments
    ).map(FollowTarget.init)
  }

  private init(row: Row) {
    if let id: Int64 = row["query_id"] {
      self = .query(OwnQuery(id: id, text: row["query_text"]))
    } else if let id: Int64 = row["topic_id"] {
      self = .topic(
        Topic(
          id: id,
          slug: row["topic_slug"],
          name: row["topic_name"],
          description: row["topic_description"],
          query: row["topic_query"]
        )
      )
    } else if let id: Int64 = row["committee_id"] {
      self = .committee(Committee(id: id, slug: row["committee_slug"], name: row["committee_name"]), Council(row: row))
    } else {
      self = .council(Council(row: row))
    }
  }

  /// Its ids as `subscription` holds them.
  var columns: (council: Int64?, committee: Int64?, topic: Int64?, query: Int64?) {
    switch self {
    case .council(let council): (council.id, nil, nil, nil)
    case .committee(let committee, let council): (council.id, committee.id, nil, nil)
    case .topic(let topic): (nil, nil, topic.id, nil)
    case .query(let query): (nil, nil, nil, query.id)
    }
  }
}
