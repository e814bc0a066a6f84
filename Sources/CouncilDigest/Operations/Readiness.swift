import Foundation
import GRDB
import HTTPServer
import HTTPTypes

/// `/healthz`: the process answers. `/readyz`: it can do its work, or why not.
struct Readiness: Sendable {
  let store: Store
  let sender: Sender
  let scheduler: DigestScheduler
  let nextDigest: NextDigest
  let queue: DeliveryQueue

  /// A stranger may ask; more are not counted.
  private static let countedLetters = 10_000

  private struct Report: Encodable {
    var ready: Bool
    var store: String
    var sender: String
    var scheduler: String
    var nextDigest: Date
    var waitingLetters: Int?
  }

  func alive(_ request: Request) async throws -> Response { .text(.ok, "alive") }

  func ready(_ request: Request) async throws -> Response {
    var report = Report(
      ready: true,
      store: "ok",
      sender: "ok",
      scheduler: "ok",
      nextDigest: nextDigest.schedule.next(after: store.now())
    )
    do {
      report.nextDigest = try await nextDigest()
      report.waitingLetters = try await queue.waitingCount(limit: Self.countedLetters)
    } catch {
      report.store = "can’t be read"
      report.ready = false
    }
    if sender.isStoreRefusing {
      report.store = "can’t be written, and the log says why"
      report.ready = false
    }
    if scheduler.health.problem != nil {
      report.scheduler = "its last round failed; the log says why"
      report.ready = false
    }
    if let trouble = sender.breaker.trouble {
      report.sender =
        "mail can’t leave since \(RFC3339.format(trouble.since)), and the log says why; letters wait, "
        + "next attempt \(RFC3339.format(trouble.nextProbe))"
      report.ready = false
    }
    guard !report.ready else { return try JSONOutput.response(.ok, report) }
    var response = try JSONOutput.response(.serviceUnavailable, report)
    response.fields[.retryAfter] = "30"
    return response
  }
}
