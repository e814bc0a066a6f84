import HTTPServer

/// A part of the console that lists what people sent, oldest first, each with forms to answer it.
struct CasesPage: Sendable {
  let page: ConsolePage
  /// Its template has the part's name.
  let part: ConsolePage.Part

  /// How many a page asks for: one more than it shows, to know whether there are others.
  static let asked = shown + 1
  private static let shown = 20

  /// What was typed into a form of one case and refused.
  struct Attempt {
    var id: Int64
    var form: ConsoleForm
    var refusal: ConsoleRefusal
    /// Where a case has several forms, which.
    var formName: String?

    /// What the ids of the form's fields end with.
    fileprivate var ending: String { (formName.map { "-\($0)" } ?? "") + "-\(id)" }
  }

  private struct View<Item> {
    var done: String?
    var cases: [Item]
    var isEmpty: Bool
    var nextPath: String?
    var errors: FormErrors?
  }

  /// The case that a page of the list begins after.
  static func place(_ request: Request) throws -> Int64 {
    try QueryString(request).first("after").flatMap(Int64.init) ?? 0
  }

  /// - Parameters:
  ///   - found: `asked` of them, or all there are.
  ///   - item: what the template shows of a case, with the attempt when it was about that one.
  func callAsFunction<Case, Item>(
    _ found: [Case],
    id: (Case) -> Int64,
    for caller: Caller,
    _ attempt: Attempt?,
    done: Done?,
    _ item: (Case, Attempt?) -> Item
  ) throws -> Response {
    let cases = found.prefix(Self.shown)
    let view = View(
      done: done?.sentence,
      cases: cases.map { item($0, attempt?.id == id($0) ? attempt : nil) },
      isEmpty: cases.isEmpty,
      nextPath: found.count > Self.shown ? cases.last.map { "\(part.path)?after=\(id($0))" } : nil,
      errors: attempt.flatMap { $0.refusal.errors(ending: $0.ending) }
    )
    return try page(
      part.rawValue,
      view,
      title: attempt == nil ? part.label : "Error: \(part.label)",
      in: part,
      for: caller,
      status: attempt?.refusal.status ?? .ok
    )
  }
}
