import Foundation
import HTTPServer

/// `GET /operator/audit?on=&before=`: who changed what, newest first.
struct AuditPage: Sendable {
  let store: Store
  let page: ConsolePage

  private static let shown = 50

  private struct View {
    var subject: String?
    var lines: [Line]
    var isEmpty: Bool
    var nextPath: String?
  }

  private struct Line {
    struct Member {
      var name: String
      var before: String?
      var after: String?
    }

    var date: String
    var machineDate: String
    var who: String
    var action: String
    var on: String
    var onPath: String
    var members: [Member]
    var hasMembers: Bool
  }

  func callAsFunction(_ request: Request, _ caller: Caller) async throws -> Response {
    let query = try QueryString(request)
    let subject = query.first("on")
    let before = query.first("before").flatMap(Int64.init) ?? .max
    let found = try await store.read {
      try AuditLine.list(of: subject, before: before, limit: Self.shown + 1, $0)
    }
    let lines = try found.prefix(Self.shown).map(line)
    let filter = subject.map { "on=\(percentEncoded($0))&" } ?? ""
    let last = found.prefix(Self.shown).last
    let view = View(
      subject: subject,
      lines: lines,
      isEmpty: lines.isEmpty,
      nextPath: found.count > Self.shown
        ? last.map { "\(ConsolePage.Part.audit.path)?\(filter)before=\($0.id)" } : nil
    )
    return try page("audit", view, title: "Audit", in: .audit, for: caller)
  }

  private func line(_ line: AuditLine) throws -> Line {
    let (before, after) = (try Self.members(line.before), try Self.members(line.after))
    let members = Set(before.keys).union(after.keys).sorted().map {
      Line.Member(name: $0, before: before[$0], after: after[$0])
    }
    return Line(
      date: "\(page.dates.shortDay(line.at)), \(page.dates.time(line.at))",
      machineDate: RFC3339.format(line.at),
      who: line.who,
      action: line.action,
      on: line.subject,
      onPath: "\(ConsolePage.Part.audit.path)?on=\(percentEncoded(line.subject))",
      members: members,
      hasMembers: !members.isEmpty
    )
  }

  private static func members(_ text: String?) throws -> [String: String] {
    guard let text, case .object(let members) = try JSONValue.parse(text.utf8) else { return [:] }
    return try members.mapValues { value in
      if case .string(let text) = value { return text }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
  }
}
