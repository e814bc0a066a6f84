import GRDB
import HTTPServer

/// `?council=&topic=&dry_run=`: what rows follow that name nothing themselves, and whether anything is changed.
struct SubscriberImportOptions: Equatable, Sendable {
  var councils: [String] = []
  var topics: [String] = []
  var isDryRun = false

  init(_ request: Request) throws {
    let query = try QueryString(request)
    councils = query.all("council").filter { !$0.isEmpty }
    topics = query.all("topic").filter { !$0.isEmpty }
    switch query.first("dry_run") {
    case nil, "false": isDryRun = false
    case "true": isDryRun = true
    case .some: throw Refusal.invalid([FieldProblem("dry_run", "Expected true or false")])
    }
  }

  /// - Throws: `Refusal.invalid` naming what is not there.
  func check(_ database: Database) throws {
    var problems: [FieldProblem] = []
    for slug in councils where try FollowTarget.find(council: slug, database) == nil {
      problems.append(FieldProblem("council", "There is no council “\(slug.prefix(120))”"))
    }
    for slug in topics where try FollowTarget.find(topic: slug, database) == nil {
      problems.append(FieldProblem("topic", "There is no topic “\(slug.prefix(120))”"))
    }
    guard problems.isEmpty else { throw Refusal.invalid(problems) }
  }
}
