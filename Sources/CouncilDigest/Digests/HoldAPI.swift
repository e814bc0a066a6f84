import Foundation
import GRDB
import HTTPServer

/// `GET` and `POST /api/v1/hold`: whether digests are held back, what would be caught up, and letting them go.
struct HoldAPI: Sendable {
  let store: Store
  let dryRun: DryDigestRun
  /// There may be something to send.
  let mailQueued: @Sendable () -> Void

  private struct Item: Encodable {
    var held: Bool
    var since: Date?
    var reason: String?
    /// Letters of runs under way that wait.
    var waitingLetters: Int
    /// What a digest that ended now would carry, to whom: what releasing with `resend` leads to.
    var wouldCatchUp: DryRunItem?

    private enum CodingKeys: CodingKey { case held, since, reason, waitingLetters, wouldCatchUp }

    // Written by hand so that every member is always there.
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(held, forKey: .held)
      try container.encode(since, forKey: .since)
      try container.encode(reason, forKey: .reason)
      try container.encode(waitingLetters, forKey: .waitingLetters)
      try container.encode(wouldCatchUp, forKey: .wouldCatchUp)
    }
  }

  func get(_ request: Request) async throws -> Response { try await answer(isForecast: true) }

  func post(_ request: Request, _ change: AuditedChange) async throws -> Response {
    try await apply(JSONInput(request), change)
    return try await answer(isForecast: false)
  }

  /// Places or releases.
  /// - Throws: `Refusal.invalid`, or `.conflict` when nothing is held.
  func apply(_ json: JSONInput, _ change: AuditedChange) async throws {
    var input = json
    let places = input.bool("hold")
    let reason = input.string("reason")
    let release = input.choice("release", ReleaseName.self)
    let until = input.time("until")
    let now = store.now()
    switch (places, release) {
    case (nil, nil), (false, nil): input.refuse("release", "Expected resend or treat_as_sent_until")
    case (true, .some): input.refuse("release", "Either hold or release")
    case (true, nil) where until != nil: input.refuse("until", "Only with treat_as_sent_until")
    case (_, .some) where reason != nil: input.refuse("reason", "Only with hold")
    case (_, .treatAsSentUntil) where until == nil: input.refuse("until", "Required with treat_as_sent_until")
    case (_, .treatAsSentUntil):
      if let until, until.date > now { input.refuse("until", "Lies in the future") }
    case (_, .resend) where until != nil: input.refuse("until", "Only with treat_as_sent_until")
    case (true, nil), (_, .resend): break
    }
    try input.finish()
    switch (release, until) {
    case (.resend, _): try await ReleaseHold(store: store, change: change)(.resend)
    case (.treatAsSentUntil, let until?):
      try await ReleaseHold(store: store, change: change)(.treatAsSent(until: until.date))
    case (.treatAsSentUntil, nil): break
    case (nil, _): try await PlaceHold(store: store)(reason, change)
    }
    mailQueued()
  }

  private enum ReleaseName: String, CaseIterable {
    case resend
    case treatAsSentUntil = "treat_as_sent_until"
  }

  /// - Parameter isForecast: what would be caught up takes as long as planning a run, so a stop is answered without.
  private func answer(isForecast: Bool) async throws -> Response {
    let (hold, waiting) = try await store.read { (try Hold.find($0), try Hold.waitingLetters($0)) }
    let item = Item(
      held: hold != nil,
      since: hold?.since,
      reason: hold?.reason,
      waitingLetters: waiting,
      wouldCatchUp: hold == nil || !isForecast ? nil : try await dryRun.plan(end: store.now(), matchesQueries: false)
    )
    return try JSONOutput.response(.ok, item)
  }
}
