import Foundation
import GRDB
import HTTPServer
import HTTPTypes

/// What an operator does to runs by pressing a button. What can't be taken back is asked about first, and cancelling once
/// more.
struct RunControlPages: Sendable {
  let store: Store
  let page: ConsolePage
  let operate: OperateDigestRuns

  private static let shownLetters = 12

  private struct View {
    var heading: String
    var sentences: [String]
    var action: String
    var button: String
    /// What has to be ticked.
    var tick: String?
    var errors: FormErrors?
    var letters: [Letter]
    var hasLetters: Bool
  }

  /// An edition of a run, by one who gets it.
  private struct Letter {
    var label: String
    var path: String
    var readers: String
  }

  // MARK: Start

  /// `GET /operator/start`.
  func askToStart(_ request: Request, _ caller: Caller) async throws -> Response {
    let view = View(
      heading: "Start this week’s digest run now?",
      sentences: [
        "It carries everything that was announced since the last digest, up to this moment, and goes to every active "
          + "subscriber who has something to read.",
        "The week of \(week) then has had its run: its scheduled time brings no second one.",
      ],
      action: "\(ConsoleSession.path)/start",
      button: "Yes, start it",
      letters: [],
      hasLetters: false
    )
    return try page("confirm", view, title: view.heading, in: .week, for: caller)
  }

  /// `POST /operator/start`.
  func start(_ request: Request, _ change: AuditedChange) async throws -> Response {
    switch try await operate.start(week, change) {
    case .started: page.seeOther(Done.started.path)
    case .exists: page.seeOther(Done.startedBefore.path)
    }
  }

  private var week: ISOWeek { ISOWeek(containing: store.now(), in: page.site.identity.timeZone) }

  // MARK: Control

  /// `GET /operator/runs/{id}/approve`.
  func askToApprove(_ request: Request, _ caller: Caller) async throws -> Response {
    let (run, counts) = try await facts(request)
    guard ControlDigestRun.approve.changes(run) else { return page.seeOther(ConsoleSession.path) }
    let letters = try await store.read { try Self.letters(of: run, $0) }
    let view = View(
      heading: "Approve the run of \(run.week)?",
      sentences: ["\(counts.queued.counted("letter")) will leave, as fast as the relay takes them."],
      action: Self.path(run.id, .approve),
      button: "Approve and send",
      letters: letters,
      hasLetters: !letters.isEmpty
    )
    return try page("confirm", view, title: view.heading, in: .week, for: caller)
  }

  /// `GET /operator/runs/{id}/cancel`.
  func askToCancel(_ request: Request, _ caller: Caller) async throws -> Response {
    try await cancelForm(request, caller, [])
  }

  /// `POST /operator/runs/{id}/…`.
  func control(_ control: ControlDigestRun) -> @Sendable (Request, AuditedChange) async throws -> Response {
    { request, change in
      if control == .cancel, try ConsoleForm(request).text("sure") == nil {
        change.changedNothing()
        let problem = FieldProblem("sure", "Tick the box when you are sure")
        return try await cancelForm(request, change.caller, [problem])
      }
      _ = try await operate.control(Int64(request.parameter("id")) ?? 0, control, change)
      return page.seeOther(Done(control).path)
    }
  }

  private func cancelForm(_ request: Request, _ caller: Caller, _ problems: [FieldProblem]) async throws -> Response {
    let (run, counts) = try await facts(request)
    guard ControlDigestRun.cancel.changes(run) else { return page.seeOther(ConsoleSession.path) }
    let view = View(
      heading: "Cancel the run of \(run.week)?",
      sentences: [
        "\(counts.queued.counted("letter")) that \(counts.queued == 1 ? "has" : "have") not left will not be sent. "
          + "What has left can’t be called back.",
        "What it would have told them goes into their next digest. The week may be run again.",
      ],
      action: Self.path(run.id, .cancel),
      button: "Cancel this run",
      tick: "I am sure",
      errors: FormErrors(problems),
      letters: [],
      hasLetters: false
    )
    return try page(
      "confirm",
      view,
      title: problems.isEmpty ? view.heading : "Error: \(view.heading)",
      in: .week,
      for: caller,
      status: problems.isEmpty ? .ok : .unprocessableContent
    )
  }

  private func facts(_ request: Request) async throws -> (DigestRun, DigestRun.Counts) {
    let reference = request.parameter("id")
    return try await store.read { database in
      guard let run = try DigestRun.find(Int64(reference) ?? 0, database) else {
        throw Refusal.notFound("There is no digest run \(reference)")
      }
      return (run, try run.counts(database))
    }
  }

  /// The editions that most wait for.
  private static func letters(of run: DigestRun, _ database: Database) throws -> [Letter] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT readers, subscriber_id FROM (
          SELECT edition_id, count(*) AS readers, min(id) AS example FROM \(OutgoingMail.waiting)
          WHERE run_id = :run AND state = 'queued' GROUP BY edition_id ORDER BY readers DESC, edition_id LIMIT :limit)
        JOIN outgoing_mail ON outgoing_mail.id = example WHERE subscriber_id IS NOT NULL
        """,
      arguments: ["run": run.id, "limit": shownLetters]
    )
    return rows.enumerated().map { index, row in
      Letter(
        label: "Letter \(index + 1)",
        path: LetterPreviewPage.path(of: "\(run.id)", to: row["subscriber_id"]),
        readers: (row["readers"] as Int).counted("reader")
      )
    }
  }

  static func path(_ run: Int64, _ control: ControlDigestRun) -> String {
    "\(ConsoleSession.path)/runs/\(run)/\(control.rawValue)"
  }
}

/// What was just done, named in the address of the page that follows.
enum Done: String, Sendable {
  case started
  case startedBefore = "started-before"
  case approved, paused, resumed, cancelled, held, released, accepted, declined, handled

  init(_ control: ControlDigestRun) {
    switch control {
    case .approve: self = .approved
    case .pause: self = .paused
    case .resume: self = .resumed
    case .cancel: self = .cancelled
    }
  }

  init?(_ request: Request) throws {
    guard let name = try QueryString(request).first("done"), let done = Done(rawValue: name) else { return nil }
    self = done
  }

  var path: String {
    let part: ConsolePage.Part =
      switch self {
      case .started, .startedBefore, .approved, .paused, .resumed, .cancelled: .week
      case .held, .released: .hold
      case .accepted, .declined: .requests
      case .handled: .feedback
      }
    return "\(part.path)?done=\(rawValue)"
  }

  var sentence: String {
    switch self {
    case .started: "The run has been started."
    case .startedBefore: "This week had its run already; nothing more is sent."
    case .approved: "Approved: the letters are leaving."
    case .paused: "Paused: nothing leaves until you resume the run."
    case .resumed: "Resumed: the letters go on leaving."
    case .cancelled: "Cancelled: what had not left is not sent by this run. The schedule goes on; below stands when."
    case .held: "All digests are held back until you release them."
    case .released: "Released: digests leave again."
    case .accepted: "Accepted. They get the updates, and a letter that says so."
    case .declined: "Declined. They get your reply by letter."
    case .handled: "Handled."
    }
  }
}
