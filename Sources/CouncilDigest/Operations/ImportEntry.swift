import Foundation
import GRDB

/// What one line of an import puts: the body of a PUT, and the slugs that would stand in its address.
enum ImportEntry: Equatable, Sendable {
  case council(Slug, CouncilInput)
  case topic(Slug, TopicInput)
  case meeting(Slug, council: Slug, MeetingInput)

  /// - Throws: `Refusal` whose pointers lead into the line.
  init(parsing line: [UInt8]) throws {
    guard case .object(let members) = try JSONValue.parse(line) else {
      throw Refusal.invalid([FieldProblem("", "Expected an object")])
    }
    guard members.count == 1, let (kind, value) = members.first else {
      throw Refusal.invalid([FieldProblem("", "Expected one member, council, topic or meeting; got \(members.count)")])
    }
    try self.init(kind, value)
  }

  init(_ kind: String, _ value: JSONValue) throws {
    switch kind {
    case "council":
      var input = try JSONInput(value, at: "/council")
      let slug = input.slug("slug")
      let details = try CouncilInput(json: input)
      self = .council(try Self.checked(slug, "/council/slug"), details)
    case "topic":
      var input = try JSONInput(value, at: "/topic")
      let slug = input.slug("slug")
      let topic = try TopicInput(json: input)
      self = .topic(try Self.free(try Self.checked(slug, "/topic/slug")), topic)
    case "meeting":
      var input = try JSONInput(value, at: "/meeting")
      let (slug, council) = (input.slug("slug"), input.slug("council"))
      let meeting = try MeetingInput(json: input)
      self = .meeting(
        try Self.checked(slug, "/meeting/slug"),
        council: try Self.checked(council, "/meeting/council"),
        meeting
      )
    default:
      throw Refusal.invalid([FieldProblem("/\(kind)", "Unknown member; expected council, topic or meeting")])
    }
  }

  /// Input that lacks one has been refused with all its problems.
  private static func checked(_ slug: Slug?, _ pointer: String) throws -> Slug {
    guard let slug else { throw Refusal.invalid([FieldProblem(pointer, "Required")]) }
    return slug
  }

  private static func free(_ slug: Slug) throws -> Slug {
    try PutTopic.requireFree(slug, pointer: "/topic/slug")
    return slug
  }

  /// Just as the PUT does.
  /// - Throws: `Refusal`, before anything is changed.
  func put(_ putMeeting: PutMeeting, now: Date, _ database: Database) throws -> PutOutcome {
    switch self {
    case .council(let slug, let council):
      return try Self.put(slug, council, now: now, database)
    case .topic(let slug, let topic):
      return try PutTopic.put(slug, topic, now: now, database).outcome
    case .meeting(let slug, let council, let meeting):
      let council = try Self.council(council, database)
      return try putMeeting.put(slug, of: council, meeting, now: now, database).outcome
    }
  }

  /// Councils it replaces are not merged by an import. Where there are none, as in a new store that is filled from an export,
  /// their addresses lead to it.
  private static func put(
    _ slug: Slug,
    _ input: CouncilInput,
    now: Date,
    _ database: Database
  ) throws -> PutOutcome {
    for (index, old) in input.replaces.enumerated() {
      guard try old != slug && Council.find(old.description, database) == nil else {
        let problem = "“\(old)” is a council; PUT this one by the API to merge it"
        throw Refusal.invalid([FieldProblem("/council/replaces/\(index)", problem)])
      }
    }
    if let successor = try ReplacedCouncil.successor(of: slug.description, database) {
      throw Refusal.invalid([FieldProblem("/council/slug", "“\(slug)” was replaced by “\(successor.slug)”")])
    }
    let (council, outcome) = try PutCouncil.put(slug, input, now: now, database)
    var isNew = false
    for old in input.replaces {
      isNew = try ReplacedCouncil.leadNew(old.description, to: council, now: now.milliseconds, database) || isNew
    }
    return isNew && outcome == .unchanged ? .replaced : outcome
  }

  /// - Throws: `Refusal` when there is none, or another took its place: that one may have a meeting of the same slug.
  static func council(_ slug: Slug, _ database: Database) throws -> Council {
    if let council = try Council.find(slug.description, database) { return council }
    guard let successor = try ReplacedCouncil.successor(of: slug.description, database) else { throw unknown(slug) }
    throw Refusal.invalid([
      FieldProblem("/meeting/council", "“\(slug)” was replaced by “\(successor.slug)”; send its meetings there")
    ])
  }

  private static func unknown(_ council: Slug) -> Refusal {
    .invalid([FieldProblem("/meeting/council", "There is no council “\(council)”, nor does an earlier line make one")])
  }
}
