import Foundation
import GRDB
import HTTPServer

/// What somebody searches for, as the address of the page says it.
struct SearchForm: Sendable {
  var text: String
  var council: String?
  /// Words of its name, or its slug.
  var committee: String?
  var topic: String?
  /// Dates as the browser sends them, `2026-11-25`.
  var from: String?
  var to: String?
  /// From 1.
  var page: Int
  private let timeZone: TimeZone

  private static let maximumPage = 100

  init(_ request: Request, _ timeZone: TimeZone) throws {
    let query = try QueryString(request)
    self.timeZone = timeZone
    text = PlainText.normalized(query.first("q") ?? "")
    council = query.first("council")
    committee = query.first("committee").map { String(PlainText.normalized($0).prefix(200)) }
    topic = query.first("topic")
    from = query.first("from")
    to = query.first("to")
    page = min(max(query.first("page").flatMap(Int.init) ?? 1, 1), Self.maximumPage)
  }

  var hasFilters: Bool { [council, committee, topic, from, to].contains { $0 != nil } }
  var isAsked: Bool { !text.isEmpty || hasFilters }

  /// Without the page.
  var parameters: String {
    [
      ("q", text.isEmpty ? nil : text), ("council", council), ("committee", committee), ("topic", topic),
      ("from", from),
      ("to", to),
    ].compactMap { name, value in value.map { "\(name)=\(percentEncoded($0))" } }.joined(separator: "&")
  }

  func path(page: Int) -> String { "/search?\(parameters)" + (page > 1 ? "&page=\(page)" : "") }

  /// - Throws: `Refusal.invalid` with every problem.
  func search(_ database: Database) throws -> MeetingSearch {
    var problems: [FieldProblem] = []
    var search = MeetingSearch()
    if !text.isEmpty {
      do throws(QueryProblem) {
        guard PlainText.isSingleLine(text) else { throw QueryProblem("Use one line without control characters") }
        search.query = try TopicQuery(parsing: text)
      } catch {
        problems.append(FieldProblem("q", error.description))
      }
    }
    if let council {
      search.council = try Council.findCurrent(council, database)?.id
      if search.council == nil {
        problems.append(FieldProblem("council", "There is no council “\(council.prefix(120))”"))
      }
    }
    if let committee {
      search.committee = Slug(naming: committee)?.description
      if search.committee == nil { problems.append(FieldProblem("committee", "Write a word of the committee’s name")) }
    }
    if let topic {
      search.topic = try Topic.find(topic, database)?.id
      if search.topic == nil { problems.append(FieldProblem("topic", "There is no topic “\(topic.prefix(120))”")) }
    }
    search.from = day(from, "from", &problems)
    // To the end of that day.
    search.to = day(to, "to", &problems).flatMap { calendar.date(byAdding: .day, value: 1, to: $0) }
    if let from = search.from, let to = search.to, to <= from {
      problems.append(FieldProblem("to", "Choose a day that is not before the first"))
    }
    guard problems.isEmpty else { throw Refusal.invalid(problems) }
    search.query = try search.query?.ofCurrentCouncils(database)
    return search
  }

  private var calendar: Calendar {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = timeZone
    return calendar
  }

  private func day(_ text: String?, _ field: String, _ problems: inout [FieldProblem]) -> Date? {
    guard let text else { return nil }
    let parts = text.split(separator: "-").map { Int($0) }
    if parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2], (1900...2200).contains(year) {
      let components = DateComponents(year: year, month: month, day: day)
      if components.isValidDate(in: calendar), let date = calendar.date(from: components) { return date }
    }
    problems.append(FieldProblem(field, "Write a date like 2026-11-25"))
    return nil
  }
}
