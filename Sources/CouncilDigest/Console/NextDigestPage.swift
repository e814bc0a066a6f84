import Foundation
import HTTPServer

/// `GET` and `POST /operator/next`: what the next scheduled digest would carry as things are, and to whom. Worked out when
/// asked for by a button: it takes as long as planning a run, and keeps what own queries match.
struct NextDigestPage: Sendable {
  let page: ConsolePage
  let nextDigest: NextDigest
  let dryRun: DryDigestRun

  private struct View {
    var end: String
    var plan: PlanView?
  }

  func ask(_ request: Request, _ caller: Caller) async throws -> Response {
    try show(try await nextDigest(), nil, caller)
  }

  func work(_ request: Request, _ change: AuditedChange) async throws -> Response {
    change.changedNothing()
    let end = try await nextDigest()
    return try show(end, PlanView(try await dryRun.plan(end: end, matchesQueries: true)), change.caller)
  }

  private func show(_ end: Date, _ plan: PlanView?, _ caller: Caller) throws -> Response {
    let view = View(end: page.dates.dayAndTime(end), plan: plan)
    return try page("next", view, title: "Next digest", in: .next, for: caller)
  }
}
