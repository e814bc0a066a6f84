import Foundation
import GRDB
import HTTPServer
import HTTPTypes
import Mail

/// `POST /api/v1/digest-runs/test`: one marked copy of the digest that a newcomer who follows a council, a topic or a
/// query would get now. It signs nobody up and changes nothing.
struct SendTestDigest: Sendable {
  let store: Store
  let timeZone: TimeZone
  let editions: ComposeEdition
  let mailQueued: @Sendable () -> Void

  private struct Item: Encodable {
    var to: String
    var subject: String
    var htmlBytes: Int
  }

  func callAsFunction(_ request: Request, _ change: AuditedChange) async throws -> Response {
    let wish = try Wish(request)
    let now = store.now()
    let body = try await store.read { [timeZone, editions] database in
      let week = ISOWeek(containing: now, in: timeZone).description
      let follows = try wish.follows(database)
      let start = now.addingTimeInterval(-ConfirmSubscription.firstWindow)
      let queries = try wish.queries.map { try $0.ofCurrentCouncils(database) }
      let own = try MatchQueries.matches(of: queries, after: start, upTo: now, database)
      let plan = try EditionPlan.load(week: week, end: now, mailsQuietWeeks: true, database).with(own)
      let reader = EditionPlan.Reader(
        windowStart: start,
        density: wish.density,
        follows: follows
      )
      guard let content = plan.content(for: reader) else {
        throw Refusal.conflict("There are no councils yet, so a digest would have nothing to say")
      }
      return try editions.compose(
        content,
        try EditionRevision.fetch(content.revisions, database),
        address: nil
      ).body
    }
    try await store.write { [keys = store.keys] database in
      try OutgoingMail.queue(.digestTest, to: wish.to, body: body, key: keys.current, now: now, database)
      // Not to whom: an address stands in no line.
      try change.record(
        "test",
        of: "digest-runs/test",
        after: ["council": wish.councils, "topic": wish.topics, "query": wish.queries.map(\.description)],
        database
      )
    }
    mailQueued()
    return try JSONOutput.response(
      .accepted,
      Item(to: wish.to.description, subject: body.subject, htmlBytes: body.html.utf8.count)
    )
  }

  /// What the test is of; nothing named is all councils.
  private struct Wish: Sendable {
    var to: EmailAddress
    var councils: [String]
    var topics: [String]
    var queries: [TopicQuery]
    var density: Subscriber.Density

    init(_ request: Request) throws {
      var input = try JSONInput(request)
      var address: EmailAddress?
      if let text = input.string("to", required: true) {
        do { address = try EmailAddress(parsing: text) } catch { input.refuse("to", error.description) }
      }
      councils = input.strings("council")
      topics = input.strings("topic")
      queries = []
      for text in input.strings("query") {
        do { queries.append(try TopicQuery(parsing: text)) } catch { input.refuse("query", error.description) }
      }
      density = input.choice("density", Subscriber.Density.self) ?? .brief
      try input.finish()
      guard let address else { throw Refusal.invalid(input.problems) }
      to = address
    }

    /// - Throws: `Refusal.invalid` naming what is not in the store.
    func follows(_ database: Database) throws -> [FollowKey] {
      var problems: [FieldProblem] = []
      var keys: [FollowKey] = []
      for reference in councils {
        let target = try FollowTarget.find(council: reference, database)
        if target == nil { problems.append(FieldProblem("/council", "There is no council “\(reference.prefix(120))”")) }
        keys += [target].compactMap { $0.map(FollowKey.init) }
      }
      for slug in topics {
        let target = try FollowTarget.find(topic: slug, database)
        if target == nil { problems.append(FieldProblem("/topic", "There is no topic “\(slug.prefix(120))”")) }
        keys += [target].compactMap { $0.map(FollowKey.init) }
      }
      guard problems.isEmpty else { throw Refusal.invalid(problems) }
      keys += queries.indices.map { .query(Int64(-1 - $0)) }
      guard keys.isEmpty else { return keys }
      return try Council.list(limit: Self.maximumCouncils, database).map { .council($0.id) }
    }

    private static let maximumCouncils = 1_000
  }
}
