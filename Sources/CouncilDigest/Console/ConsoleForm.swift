import HTTPServer
import HTTPTypes

/// A form of the console for an action that the API takes as JSON: one reading of the input, and its problems at the
/// form's fields.
struct ConsoleForm: Sendable {
  private let form: Form

  init(_ request: Request) throws { form = try FormInput(request).form }

  func text(_ name: String) -> String? { form.first(name) }

  /// What was filled in.
  /// - Parameters:
  ///   - names: of the form's fields that the action knows.
  ///   - fixed: what the form is for.
  func json(_ names: String..., fixed: [String: String] = [:]) throws -> JSONInput {
    var members = fixed.mapValues(JSONValue.string)
    for name in names {
      guard let text = form.first(name), !PlainText.normalized(text).isEmpty else { continue }
      members[name] = .string(text)
    }
    return try JSONInput(.object(members))
  }
}

/// What an action refused, to be shown where it was asked for with what was typed.
struct ConsoleRefusal: Sendable {
  var problems: [FieldProblem]
  var status: HTTPResponse.Status

  /// Runs an action.
  /// - Parameter field: where a conflict is shown, which the action doesn't lay on a field.
  /// - Returns: nil when it was done.
  static func of(
    _ change: AuditedChange,
    conflictsAt field: String,
    _ action: () async throws -> Void
  ) async throws -> ConsoleRefusal? {
    do {
      try await action()
      return nil
    } catch Refusal.invalid(let problems) {
      change.changedNothing()
      // A pointer into the JSON is a field of the form.
      let own = problems.map { FieldProblem($0.field.replacing("/", with: ""), $0.detail) }
      return ConsoleRefusal(problems: own, status: .unprocessableContent)
    } catch Refusal.conflict(let detail) {
      change.changedNothing()
      return ConsoleRefusal(problems: [FieldProblem(field, detail)], status: .conflict)
    }
  }

  /// The problem of a field; the first when there are several.
  func problem(at field: String) -> String? { problems.first { $0.field == field }?.detail }

  /// For a page with one such form for each of several things: their fields end in an id.
  func errors(ending suffix: String) -> FormErrors? {
    FormErrors(problems.map { FieldProblem("\($0.field)\(suffix)", $0.detail) })
  }
}
