/// The problems of a form as a page shows them: a summary that links to the fields, and a message at each field.
struct FormErrors: Sendable {
  struct Entry: Sendable {
    var field: String
    var detail: String
  }

  var summary: [Entry]
  /// The first problem of each field, so that a template can ask for `errors.of.email`.
  var of: [String: String]

  init?(_ problems: [FieldProblem]) {
    guard !problems.isEmpty else { return nil }
    summary = problems.map { Entry(field: $0.field, detail: $0.detail) }
    of = Dictionary(problems.map { ($0.field, $0.detail) }) { first, _ in first }
  }
}
