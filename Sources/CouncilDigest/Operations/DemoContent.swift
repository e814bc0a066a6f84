import Foundation
import GRDB

/// The sample councils and meetings of `demo`, dated around today so that there is always something to send, and the
/// starter topics.
struct DemoContent: Sendable {
  let store: Store
  let putMeeting: PutMeeting
  let catchUpTopics: CatchUpTopics

  /// - Parameters:
  ///   - samples: lines as of an import, whose meetings have days from today instead of dates.
  ///   - topics: lines as of an import, if there are any.
  func load(samples: URL, topics: URL?) async throws {
    let now = store.now()
    let content = try lines(of: samples).map { try Self.entry($0, now: now) }
    let entries = try content + (topics.map(lines) ?? []).map(ImportEntry.init)
    try await store.write { database in
      for entry in entries { _ = try entry.put(putMeeting, now: now, database) }
    }
    try await catchUpTopics()
  }

  private func lines(of file: URL) throws -> [[UInt8]] {
    try Data(contentsOf: file).split(separator: 0x0A).map { [UInt8]($0) }
  }

  private static func entry(_ line: [UInt8], now: Date) throws -> ImportEntry {
    guard case .object(let members) = try JSONValue.parse(line), case .object(let meeting)? = members["meeting"] else {
      return try ImportEntry(parsing: line)
    }
    return try ImportEntry("meeting", .object(try dated(meeting, now: now)))
  }

  private static func dated(_ sample: [String: JSONValue], now: Date) throws -> [String: JSONValue] {
    var meeting = sample
    guard case .string(let name)? = meeting.removeValue(forKey: "name"),
      case .number(let days)? = meeting.removeValue(forKey: "days"),
      case .string(let time)? = meeting.removeValue(forKey: "time")
    else { throw Refusal.unreadable("A sample meeting lacks name, days or time") }
    let day = day(Int(days), from: now)
    meeting["slug"] = .string("\(day)-\(name)")
    meeting["starts_at"] = .string("\(day)T\(time):00Z")
    return meeting
  }

  private static func day(_ offset: Int, from now: Date) -> String {
    let day = now.addingTimeInterval(Double(offset) * 86_400)
    return String(day.formatted(.iso8601.year().month().day()).prefix(10))
  }
}
