import Foundation
import GRDB

/// The sample councils, topics and meetings of `demo`, dated around today so that there is always something to send.
struct DemoContent: Sendable {
  /// A meeting in the file: as the API takes it, with days from today instead of dates.
  private struct SampleMeeting {
    var council: String
    var slug: String
    var input: MeetingInput
  }

  let store: Store
  let putMeeting: PutMeeting
  let catchUpTopics: CatchUpTopics

  /// - Parameter file: one JSON object a line, `{"council": {…}}`, `{"topic": {…}}` or `{"meeting": {…}}`.
  func load(_ file: URL) async throws {
    let lines = try Data(contentsOf: file).split(separator: 0x0A)
    let now = store.now()
    let values = try lines.map { try JSONValue.parse($0) }
    try await store.write { database in
      for value in values { try put(value, now: now, database) }
    }
    try await catchUpTopics()
  }

  private func put(_ value: JSONValue, now: Date, _ database: Database) throws {
    guard case .object(let line) = value else { throw Refusal.unreadable("A line of the samples is not an object") }
    if case .object(var council)? = line["council"], case .string(let slug)? = council.removeValue(forKey: "slug") {
      let details = try CouncilDetails(json: JSONInput(.object(council)))
      _ = try PutCouncil.put(try Slug(segment: slug), details, now: now, database)
    } else if case .object(var topic)? = line["topic"], case .string(let slug)? = topic.removeValue(forKey: "slug") {
      _ = try PutTopic.put(try Slug(segment: slug), TopicInput(json: JSONInput(.object(topic))), now: now, database)
    } else if case .object(let meeting)? = line["meeting"] {
      let sample = try sample(meeting, now: now)
      let council = try Council.require(sample.council, database)
      _ = try putMeeting.put(try Slug(segment: sample.slug), of: council, sample.input, now: now, database)
    }
  }

  private func sample(_ members: [String: JSONValue], now: Date) throws -> SampleMeeting {
    var members = members
    guard case .string(let council)? = members.removeValue(forKey: "council"),
      case .string(let name)? = members.removeValue(forKey: "name"),
      case .number(let days)? = members.removeValue(forKey: "days"),
      case .string(let time)? = members.removeValue(forKey: "time")
    else { throw Refusal.unreadable("A sample meeting lacks council, name, days or time") }
    let day = Self.day(Int(days), from: now)
    members["starts_at"] = .string("\(day)T\(time):00Z")
    return SampleMeeting(
      council: council,
      slug: "\(day)-\(name)",
      input: try MeetingInput(json: JSONInput(.object(members)))
    )
  }

  private static func day(_ offset: Int, from now: Date) -> String {
    let day = now.addingTimeInterval(Double(offset) * 86_400)
    return String(day.formatted(.iso8601.year().month().day()).prefix(10))
  }
}
