import Foundation
import GRDB
import HTTPServer
import HTTPTypes
import Mail

/// What arrives at `POST /subscribe`, as a form or as JSON, before it is checked against the store.
struct SignupForm: Sendable {
  var email: String
  var councils: [String]
  var density: String?
  /// The honeypot: people don't see the field, programs fill it.
  var website: String
  var isJSON: Bool

  static let maximumTargets = 100

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
    density = form.first("density").flatMap { $0.isEmpty ? nil : $0 }
    website = form.first("website") ?? ""
  }

  private init(json: JSONInput) throws {
    var input = json
    isJSON = true
    email = input.string("email") ?? ""
    councils = input.strings("council")
    density = input.string("density")
    website = input.string("website") ?? ""
    try input.finish()
  }

  /// A sign-up that can be acted on.
  struct Signup: Sendable {
    var email: EmailAddress
    var targets: [FollowTarget]
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
    let density = density.flatMap(Subscriber.Density.init)
    if density == nil, self.density != nil {
      problems.append(FieldProblem(field("density"), "Choose headlines, brief or full"))
    }
    guard problems.isEmpty, case .success(let address) = address else { throw Refusal.invalid(problems) }
    return Signup(email: address, targets: targets, density: density, source: isJSON ? "json" : "web form")
  }

  private func targets(_ problems: inout [FieldProblem], _ database: Database) throws -> [FollowTarget] {
    guard !councils.isEmpty else {
      problems.append(FieldProblem(field("council"), "Choose at least one council to follow"))
      return []
    }
    guard councils.count <= Self.maximumTargets else {
      problems.append(FieldProblem(field("council"), "Choose at most \(Self.maximumTargets) councils at a time"))
      return []
    }
    var targets: [FollowTarget] = []
    for reference in councils {
      guard let target = try FollowTarget.find(reference, database) else {
        problems.append(FieldProblem(field("council"), "There is no council “\(reference.prefix(120))”"))
        continue
      }
      if !targets.contains(target) { targets.append(target) }
    }
    return targets
  }

  private func field(_ name: String) -> String { isJSON ? "/\(name)" : name }
}
