import Foundation
import GRDB
import HTTPServer
import Logging
import Mail

/// `PATCH /api/v1/topic-requests/{id}`: the operator accepts a request with the query to follow, which starts the
/// updates, or declines it with the reason. Either way the person hears of it by letter.
struct DecideTopicRequest: Sendable {
  let store: Store
  let letters: LetterFrame
  let log: Logger
  let mailQueued: @Sendable () -> Void

  private enum Decision: Sendable {
    case accept(TopicQuery, reply: String?)
    case decline(reply: String)
  }

  func callAsFunction(_ request: Request, _ change: AuditedChange) async throws -> Response {
    try await JSONOutput.response(
      .ok,
      decide(about: Int64(request.parameter("id")) ?? 0, JSONInput(request), change)
    )
  }

  /// - Parameter input: `state`, `query` and `reply`.
  /// - Throws: `Refusal.invalid`, `.notFound`, or `.conflict` when it was decided already or no letter can be sent.
  func decide(about id: Int64, _ input: JSONInput, _ change: AuditedChange) async throws -> TopicRequestItem {
    let now = store.now()
    let (decision, meetings) = try await reach(of: Self.decision(input), now: now)
    let (item, returning) = try await store.write { database in
      guard let request = try TopicRequest.find(id, database), request.state != .unconfirmed else {
        throw Refusal.notFound("There is no topic request \(id)")
      }
      guard request.state == .open else {
        throw Refusal.conflict("Request \(id) has been \(request.state.rawValue) already")
      }
      let returning = try decide(request, decision, meetings: meetings, now: now, database)
      let decided = try TopicRequest.find(id, database) ?? request
      try change.record(
        decided.state.rawValue,
        of: "topic-requests/\(id)",
        before: ["state": request.state.rawValue],
        after: ["state": decided.state.rawValue, "query": decided.acceptedQuery],
        database
      )
      return (try TopicRequestItem(decided, now: now, database), returning)
    }
    if let returning { try await store.departures.append(.returned, returning, at: now) }
    log.notice("topic-request.decided", metadata: ["id": "\(id)", "state": "\(item.state)"])
    mailQueued()
    return item
  }

  private static func decision(_ json: JSONInput) throws -> Decision {
    var input = json
    let state = input.string("state", required: true)
    let text = input.string("query", maximum: 4 * TopicQuery.maximumCharacters)
    let reply = input.string("reply", maximum: 4_000, isMultiline: true)
    var query: TopicQuery?
    if let text {
      do { query = try TopicQuery(parsing: text) } catch { input.refuse("query", error.description) }
    }
    switch state {
    case "accepted"?:
      if text == nil { input.refuse("query", "Required: what they are to follow") }
    case "declined"?:
      if reply == nil { input.refuse("reply", "Required: the person wants to know why") }
      if text != nil { input.refuse("query", "Only a request that is accepted has a query") }
    case nil: break
    default: input.refuse("state", "Expected one of: accepted, declined")
    }
    try input.finish()
    if state == "accepted", let query { return .accept(query, reply: reply) }
    return .decline(reply: reply ?? "")
  }

  /// - Returns: who had left before, and is back by what was decided.
  private func decide(
    _ request: TopicRequest,
    _ decision: Decision,
    meetings: Int,
    now: Date,
    _ database: Database
  ) throws -> DepartureFile.Person? {
    let address: EmailAddress
    do {
      address = try EmailAddress(parsing: request.email)
    } catch {
      throw Refusal.conflict("No letter can be sent to the address of request \(request.id)")
    }
    switch decision {
    case .accept(let query, let reply):
      try record(.accepted, request, query: query, reply: reply, now: now, database)
      let target = try FollowTarget.findOrInsert(query, database)
      let (subscriber, returning) = try follow(target, address, request, now: now, database)
      let body = try letters.accepted(request, query, reply: reply, meetings: meetings)
      try OutgoingMail.queue(
        .topicAccepted,
        to: address,
        body: body,
        subscriberID: subscriber,
        key: store.keys.current,
        now: now,
        database
      )
      return returning
    case .decline(let reply):
      try record(.declined, request, query: nil, reply: reply, now: now, database)
      let body = try letters.declined(request, reply: reply)
      try OutgoingMail.queue(.topicDeclined, to: address, body: body, key: store.keys.current, now: now, database)
      return nil
    }
  }

  /// How many meetings the query that was given, about the councils there are now, would have found. Counted before the
  /// writer is asked, because it takes a moment.
  private func reach(of decision: Decision, now: Date) async throws -> (Decision, meetings: Int) {
    guard case .accept(let query, let reply) = decision else { return (decision, 0) }
    return try await store.read { database in
      if let problem = try query.unknownCouncil(database) { throw Refusal.invalid([FieldProblem("/query", problem)]) }
      let current = try query.ofCurrentCouncils(database)
      return (.accept(current, reply: reply), try QueryReach.load(current, now: now, database).meetings)
    }
  }

  private func record(
    _ state: TopicRequest.State,
    _ request: TopicRequest,
    query: TopicQuery?,
    reply: String?,
    now: Date,
    _ database: Database
  ) throws {
    try database.execute(
      sql: "UPDATE topic_request SET state = ?, accepted_query = ?, reply = ?, decided_at = ? WHERE id = ?",
      arguments: [state.rawValue, query?.description, reply, now.milliseconds, request.id]
    )
  }

  /// The address has answered, when the request was confirmed: there is nothing to ask again.
  /// - Returns: the subscriber's id, and who they are when they had left before.
  private func follow(
    _ target: FollowTarget,
    _ address: EmailAddress,
    _ request: TopicRequest,
    now: Date,
    _ database: Database
  ) throws -> (Int64, returning: DepartureFile.Person?) {
    let subscriber = try Subscriber.findOrInsert(address, now: now, database)
    guard subscriber.state != .suppressed, try Suppression.reason(address, store.keys, database) == nil else {
      throw Refusal.conflict("Letters to this address are suppressed: it has refused them or complained")
    }
    if let left = subscriber.unsubscribedAt, let confirmed = request.confirmedAt, left > confirmed {
      throw Refusal.conflict("They have unsubscribed since they asked; decline the request, or ask them")
    }
    let followed = subscriber.state == .active ? try FollowTarget.fetch(subscriber: subscriber.id, database) : []
    guard !followed.contains(where: { $0.key == target.key }) else { return (subscriber.id, nil) }
    let consent = try Consent(scope: target.name, source: "topic request", density: nil)
      .insert(of: subscriber.id, now: now, database)
    try target.follow(subscriber.id, consent: consent, database)
    let returning = try ConfirmSubscription.returning(consent, database)
    let outcome = try ConfirmSubscription.confirm(consent, now: now, database)
    return (subscriber.id, outcome == .confirmed ? returning : nil)
  }
}
