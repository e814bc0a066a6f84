import Foundation
import GRDB
import HTTPServer
import HTTPTypes
import Mail

/// What arrives at `POST /subscribe`, as a form or as JSON, before it is checked against the store.
struct SignupForm: Sendable {
  var email: String
  var councils: [String]
  var topics: [String]
  /// Own words, each a query.
  var queries: [String]
  var density: String?
  /// The honeypot: people don't see the field, programs fill it.
  var website: String
  var isJSON: Bool

  static let maximumTargets = 100
  /// Each is looked for in every text.
  static let maximumQueries = 10

  init(_ request: Request) throws {
    if MediaType(request.fields[.contentType] ?? "").essence == "application/json" {
      try self.init(json: JSONInput(request))
    } else {
      self.init(form: try FormInput(request).form)
    }
  }

  init(form: Form) {
    isJSON = false
    email = form.first("email") ?? ""
    councils = form.all("council").filter { !$0.isEmpty }
    topics = form.all("topic").filter { !$0.isEmpty }
    queries = form.all("query").filter { !$0.allSatisfy(\.isWhitespace) }
    density = form.first("density").flatMap { $0.isEmpty ? nil : $0 }
    website = form.first("website") ?? ""
  }

  private init(json: JSONInput) throws {
    var input = json
    isJSON = true
    email = input.string("email") ?? ""
    councils = input.strings("council")
    topics = input.strings("topic")
    queries = input.strings("query")
    density = input.string("density")
    website = input.string("website") ?? ""
    try input.finish()
  }

  /// A sign-up that can be acted on.
  struct Signup: Sendable {
    var email: EmailAddress
    /// Those that are in the store.
    var targets: [FollowTarget]
    /// Own words; stored once the sign-up is admitted.
    var queries: [TopicQuery]
    var density: Subscriber.Density?
    /// `web form` or `json`, for the consent record.
    var source: String
  }

  /// What was typed as an address, read.
  func address() -> Result<EmailAddress, EmailAddress.Problem> {
    Result { () throws(EmailAddress.Problem) in try EmailAddress(parsing: email) }
  }

  /// - Parameter address: read before, because the writer has no time for it.
  /// - Throws: `Refusal.invalid` with every problem.
  func checked(
    _ address: Result<EmailAddress, EmailAddress.Problem>,
    _ database: Database
  ) throws -> Signup {
    var problems: [FieldProblem] = []
    if case .failure(let error) = address { problems.append(FieldProblem(field("email"), error.description)) }
    let targets = try targets(&problems, database)
    let queries = readQueries(&problems)
    let density = density.flatMap(Subscriber.Density.init)
    if density == nil, self.density != nil {
      problems.append(FieldProblem(field("density"), "Choose headlines, brief or full"))
    }
    guard problems.isEmpty, case .success(let address) = address else { throw Refusal.invalid(problems) }
    return Signup(
      email: address,
      targets: targets,
      queries: queries,
      density: density,
      source: isJSON ? "json" : "web form"
    )
  }

  private func targets(_ problems: inout [FieldProblem], _ database: Database) throws -> [FollowTarget] {
    let count = councils.count + topics.count + queries.count
    guard count > 0 else {
      problems.append(FieldProblem(field("council"), "Choose at least one council, topic or query to follow"))
      return []
    }
    guard count <= Self.maximumTargets else {
      problems.append(FieldProblem(field("council"), "Choose at most \(Self.maximumTargets) things at a time"))
      return []
    }
    var targets: [FollowTarget] = []
    for reference in councils {
      let target = try FollowTarget.find(council: reference, database)
      if target == nil {
        let kind = reference.contains("/") ? "committee" : "council"
        problems.append(FieldProblem(field("council"), "There is no \(kind) “\(reference.prefix(120))”"))
      }
      targets.append(contentsOf: [target].compactMap(\.self))
    }
    for slug in topics {
      let target = try FollowTarget.find(topic: slug, database)
      if target == nil { problems.append(FieldProblem(field("topic"), "There is no topic “\(slug.prefix(120))”")) }
      targets.append(contentsOf: [target].compactMap(\.self))
    }
    var seen: Set<String> = []
    return targets.filter { seen.insert($0.key).inserted }
  }

  private func readQueries(_ problems: inout [FieldProblem]) -> [TopicQuery] {
    guard queries.count <= Self.maximumQueries else {
      problems.append(FieldProblem(field("query"), "Follow at most \(Self.maximumQueries) queries at a time"))
      return []
    }
    var read: [TopicQuery] = []
    for text in queries {
      let clean = PlainText.normalized(text)
      guard PlainText.isSingleLine(clean) else {
        problems.append(FieldProblem(field("query"), "Use one line without control characters"))
        continue
      }
      do {
        read.append(try TopicQuery(parsing: clean))
      } catch {
        problems.append(FieldProblem(field("query"), error.description))
      }
    }
    return read
  }

  /// What is too broad for anyone to follow. Found out before the writer is asked, because it takes a moment.
  func broadQueries(now: Date, _ database: Database) throws -> [FieldProblem] {
    try queries.prefix(Self.maximumQueries).compactMap { text in
      guard let query = try? TopicQuery(parsing: PlainText.normalized(text)) else { return nil }
      return try query.problemOfFollowing(now: now, database).map { FieldProblem(field("query"), $0) }
    }
  }

  private func field(_ name: String) -> String { isJSON ? "/\(name)" : name }
}
