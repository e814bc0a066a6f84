import Foundation
import HTTPServer
import HTTPTypes

/// `GET` and `POST /operator/hold`: whether digests are held back, what has gathered, and both ways to let them go.
struct HoldPage: Sendable {
  let store: Store
  let page: ConsolePage
  let hold: HoldAPI
  let dryRun: DryDigestRun

  private struct View {
    var done: String?
    var isHeld: Bool
    var since: String?
    var reason: String?
    var waiting: String
    var plan: PlanView?
    var isResend: Bool
    var isTreatedAsSent: Bool
    var until: String
    var typedReason: String?
    var zone: String
    var errors: FormErrors?
  }

  func show(_ request: Request, _ caller: Caller) async throws -> Response {
    try await show(caller, done: try Done(request))
  }

  func apply(_ request: Request, _ change: AuditedChange) async throws -> Response {
    let form = try ConsoleForm(request)
    let places = form.text("hold") != nil
    if !places, form.text("release") == nil {
      change.changedNothing()
      let problem = FieldProblem("release", "Choose what becomes of what has gathered")
      return try await show(change.caller, form, ConsoleRefusal(problems: [problem], status: .unprocessableContent))
    }
    let refusal = try await ConsoleRefusal.of(change, conflictsAt: "release") {
      try await hold.apply(places ? placing(form) : releasing(form), change)
    }
    guard let refusal else { return page.seeOther((places ? Done.held : .released).path) }
    return try await show(change.caller, form, refusal)
  }

  private func placing(_ form: ConsoleForm) throws -> JSONInput {
    var members: [String: JSONValue] = ["hold": .bool(true)]
    if let reason = form.text("reason"), !reason.isEmpty { members["reason"] = .string(reason) }
    return try JSONInput(.object(members))
  }

  private func releasing(_ form: ConsoleForm) throws -> JSONInput {
    guard form.text("release") == "treat_as_sent_until" else { return try form.json("release") }
    guard let until = localTime(form.text("until") ?? "") else {
      throw Refusal.invalid([FieldProblem("until", "Enter a date and a time, like 28/11/2026 and 08:00")])
    }
    return try form.json("release", fixed: ["until": RFC3339.format(until)])
  }

  /// As a browser's field for a date and a time has it: `2026-11-28T08:00`, in the site's zone.
  private func localTime(_ text: String) -> Date? {
    guard let match = text.wholeMatch(of: /(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::\d\d)?/),
      let written = RFC3339("\(match.1)T\(match.2):00Z")
    else { return nil }
    // The clock of that moment in UTC, then in the zone.
    let zone = page.site.identity.timeZone
    let guess = written.date.addingTimeInterval(-Double(zone.secondsFromGMT(for: written.date)))
    return written.date.addingTimeInterval(-Double(zone.secondsFromGMT(for: guess)))
  }

  private func fieldText(_ date: Date) -> String {
    let zone = page.site.identity.timeZone
    return String(RFC3339.format(date.addingTimeInterval(Double(zone.secondsFromGMT(for: date)))).prefix(16))
  }

  private func show(
    _ caller: Caller,
    _ form: ConsoleForm? = nil,
    _ refusal: ConsoleRefusal? = nil,
    done: Done? = nil
  ) async throws -> Response {
    let (held, waiting) = try await store.read { (try Hold.find($0), try Hold.waitingLetters($0)) }
    let now = store.now()
    let view = View(
      done: done?.sentence,
      isHeld: held != nil,
      since: held.map { page.dates.dayAndTime($0.since) },
      reason: held?.reason,
      waiting: waiting == 0
        ? "No run under way has letters that wait."
        : "\(waiting.counted("letter")) of runs under way \(waiting == 1 ? "waits" : "wait").",
      plan: held == nil ? nil : PlanView(try await dryRun.plan(end: now, matchesQueries: false)),
      isResend: form?.text("release") == "resend",
      isTreatedAsSent: form?.text("release") == "treat_as_sent_until",
      until: form?.text("until") ?? fieldText(now),
      typedReason: form?.text("reason"),
      zone: page.site.identity.timeZone.identifier,
      errors: FormErrors(refusal?.problems ?? [])
    )
    let title = held == nil ? "Hold digests back" : "Digests are held back"
    return try page(
      "hold",
      view,
      title: refusal == nil ? title : "Error: \(title)",
      in: .hold,
      for: caller,
      status: refusal?.status ?? .ok
    )
  }
}
