import Foundation
import HTTPServer
import HTTPTypes
import Synchronization

/// Public pages as they were rendered, ready to be sent, until public content changes or the day ends: what is upcoming
/// is recent tomorrow. A page that was being rendered while content changed is not kept.
final class PageCache: Sendable {
  private struct Contents {
    var generation = 0
    var bytes = 0
    var pages: [String: PreparedResponse] = [:]
    /// The local midnight at which all of it is forgotten.
    var end = Date.distantPast
  }

  private let clock: WallClock
  private let calendar: Calendar
  private let headers: SecurityHeaders
  private let contents = Mutex(Contents())
  private static let maximumBytes = 32 * 1_048_576

  init(clock: WallClock, timeZone: TimeZone, headers: SecurityHeaders) {
    self.clock = clock
    self.headers = headers
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = timeZone
    self.calendar = calendar
  }

  /// Forgets everything. Call it after each change of what the public sees.
  func drop() {
    contents.withLock { contents in
      contents = Contents(generation: contents.generation + 1, end: contents.end)
    }
  }

  /// The page that lies ready at a path.
  func page(at path: String) -> PreparedResponse? {
    let now = clock.now()
    return contents.withLock { contents in now < contents.end ? contents.pages[path] : nil }
  }

  /// Wraps an action that shows the same to everyone. Pages with a query are not kept: there is no end of them.
  func caching(_ action: @escaping Route.Action, label: String) -> Route.Action {
    { request in
      guard request.query == nil else { return try await action(request) }
      if let page = self.page(at: request.path) { return page.response(to: request) }
      let generation = self.currentGeneration()
      let response = try await action(request)
      guard response.status == .ok else { return response }
      let page = self.prepare(response, label: label)
      self.keep(page, at: request.path, generation)
      return page.response(to: request)
    }
  }

  /// Public, the same for everyone and free of anything a visitor chose: safe to compress.
  private func prepare(_ response: Response, label: String) -> PreparedResponse {
    var response = headers.applied(to: response)
    response.label = label
    return PreparedResponse(response, gzip: Gzip.compress(response.body))
  }

  private func currentGeneration() -> Int {
    let now = clock.now()
    return contents.withLock { contents in
      if now >= contents.end {
        let midnight = calendar.dateInterval(of: .day, for: now)?.end ?? now
        contents = Contents(generation: contents.generation + 1, end: midnight)
      }
      return contents.generation
    }
  }

  private func keep(_ page: PreparedResponse, at path: String, _ generation: Int) {
    contents.withLock { contents in
      guard contents.generation == generation else { return }
      if contents.bytes + page.bytes > Self.maximumBytes {
        contents = Contents(generation: generation, end: contents.end)
      }
      contents.bytes += page.bytes
      contents.pages[path] = page
    }
  }
}
